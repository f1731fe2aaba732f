import { ChainUnavailableError, type ChainRequest } from '../../datanets/verify/chain-request';

type Hex = `0x${string}`;

/**
 * Whether an account on a chain accepts a signature: a contract account by its own `isValidSignature` (ERC-1271), one that
 * is not deployed yet by the deployment that the signature carries (ERC-6492), a plain account by ECDSA. Deploys nothing:
 * viem's validator runs inside one `eth_call`.
 * https://eips.ethereum.org/EIPS/eip-6492
 * @throws ChainUnavailableError where the chain does not answer, or is another one
 */
export async function acceptedByAccount(
  { address, hash, signature, chainId }: { address: string; hash: Hex; signature: string; chainId: number },
  ask: ChainRequest
): Promise<boolean> {
  const chain = new AskedChain(chainId, ask);
  await chain.requireSame();
  const [{ createClient, custom, getAddress }, { verifyHash }] = await Promise.all([
    import('viem'),
    import('viem/actions')
  ]);
  const client = createClient({ transport: custom(chain, { retryCount: 0 }) });
  const accepted = await verifyHash(client, {
    ...{ address: getAddress(address), hash, signature: signature as Hex }
  });
  // Of a call that did not come back, viem says that nothing was accepted.
  if (!accepted && chain.failure !== undefined) throw chain.unavailable(chain.failure);
  return accepted;
}

/** One chain as viem asks it. Keeps apart what the chain said, a call that reverts included, and that it said nothing. */
class AskedChain {
  /** Why the last request was not answered by the chain. */
  failure: unknown;
  readonly #chainId: number;
  readonly #ask: ChainRequest;

  constructor(chainId: number, ask: ChainRequest) {
    this.#chainId = chainId;
    this.#ask = ask;
  }

  async request(request: { method: string; params?: unknown }): Promise<unknown> {
    try {
      return await this.#ask(this.#chainId, request);
    } catch (error) {
      if (!isRevert(error)) this.failure = error;
      throw error;
    }
  }

  /** @throws ChainUnavailableError where who answers is on another chain */
  async requireSame(): Promise<void> {
    let answer: unknown;
    try {
      answer = await this.#ask(this.#chainId, { method: 'eth_chainId' });
    } catch (error) {
      throw this.unavailable(error);
    }
    if (Number(answer) !== this.#chainId) {
      throw new ChainUnavailableError(
        `Who was asked for chain ${this.#chainId} is on chain ${Number(answer)}. Switch it, and check again.`,
        this.#chainId
      );
    }
  }

  unavailable(error: unknown): ChainUnavailableError {
    if (error instanceof ChainUnavailableError) return error;
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return new ChainUnavailableError(
      `Chain ${this.#chainId} could not be asked: ${why} Try again, or ask another node.`,
      this.#chainId,
      error
    );
  }
}

/** JSON-RPC's code 3 (EIP-1474 as nodes write it), or what nodes say of a call that failed on the chain. */
function isRevert(error: unknown): boolean {
  for (let each = error; each instanceof Object; each = (each as { cause?: unknown }).cause) {
    const { code, message } = each as { code?: unknown; message?: unknown };
    if (code === 3 || (typeof message === 'string' && /revert|invalid opcode|out of gas/i.test(message)))
      return true;
  }
  return false;
}
