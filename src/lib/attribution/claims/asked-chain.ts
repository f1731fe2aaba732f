import { ChainUnavailableError, type ChainRequest } from '../../datanets/verify/chain-request';

/**
 * One chain, in the form in which viem asks (EIP-1193). Keeps apart what the chain said, a call that reverts included, and
 * that it said nothing.
 */
export class AskedChain {
  /** Why a request was not answered by the chain. */
  failure: unknown;
  readonly chainId: number;
  readonly #ask: ChainRequest;

  private constructor(chainId: number, ask: ChainRequest) {
    this.chainId = chainId;
    this.#ask = ask;
  }

  /** @throws ChainUnavailableError where nobody answers, or who answers is on another chain */
  static async open(chainId: number, ask: ChainRequest): Promise<AskedChain> {
    const chain = new AskedChain(chainId, ask);
    const answer = await chain.asked(() => ask(chainId, { method: 'eth_chainId' }));
    if (Number(answer) === chainId) return chain;
    throw new ChainUnavailableError(
      `Who was asked for chain ${chainId} is on chain ${Number(answer)}. Switch it, and check again.`,
      chainId
    );
  }

  async request(request: { method: string; params?: unknown }): Promise<unknown> {
    try {
      return await this.#ask(this.chainId, request);
    } catch (error) {
      if (!isRevert(error)) this.failure = error;
      throw error;
    }
  }

  /** Work that asks the chain. @throws ChainUnavailableError in place of what it throws */
  async asked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.unavailable(error);
    }
  }

  unavailable(error: unknown): ChainUnavailableError {
    if (error instanceof ChainUnavailableError) return error;
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return new ChainUnavailableError(
      `Chain ${this.chainId} could not be asked: ${why.replace(/\.?$/, '.')} Try again, or ask another node.`,
      this.chainId,
      error
    );
  }
}

/** Code 3, or the words that nodes have for a call that failed on the chain. */
function isRevert(error: unknown): boolean {
  for (let each = error; each instanceof Object; each = (each as { cause?: unknown }).cause) {
    const { code, message } = each as { code?: unknown; message?: unknown };
    if (code === 3) return true;
    if (typeof message === 'string' && /revert|invalid opcode|out of gas/i.test(message)) return true;
  }
  return false;
}
