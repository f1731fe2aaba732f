import { TabtuneError } from '../../errors';

/**
 * Asks a chain for something that changes nothing there, as EIP-1193 forms it. Whoever gives one decides who is asked:
 * the person's own wallet, or a node.
 * @throws ChainUnavailableError where nobody can be asked about this chain
 */
export type ChainRequest = (
  chainId: number,
  request: { method: string; params?: unknown }
) => Promise<unknown>;

/** Only a chain can tell, and it was not, or could not be, asked. Says nothing about the file. */
export class ChainUnavailableError extends TabtuneError {
  readonly chainId: number;

  constructor(message: string, chainId: number, cause?: unknown) {
    super(message, { details: { chainId }, cause });
    this.chainId = chainId;
  }
}
