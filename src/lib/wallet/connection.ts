import type { Config } from '@wagmi/core';
import type { ClaimTypedData } from '../attribution/claims/typed-data';
import { TabtuneError } from '../errors';

/** The person said no in the wallet. Nothing was signed. */
export class WalletRejectedError extends TabtuneError {}

/** The wallet did not do what it was asked, for a reason of its own. */
export class WalletError extends TabtuneError {}

export interface WalletAccount {
  /** Checksummed (EIP-55). */
  address: `0x${string}`;
  chainId: number;
}

/**
 * A connection to one announced wallet. Loading this loads `@wagmi/core` and viem: only where a wallet is used.
 * Nothing is remembered: the next visit asks again.
 */
export class WalletConnection {
  readonly #config: Config;
  readonly #name: string;

  private constructor(config: Config, name: string) {
    this.#config = config;
    this.#name = name;
  }

  /**
   * Asks the wallet for an account.
   * @param id reverse domain name, as announced
   * @throws WalletRejectedError, WalletError
   */
  static async open(id: string): Promise<WalletConnection> {
    const [{ connect, createConfig, http }, { mainnet }] = await Promise.all([
      import('@wagmi/core'),
      import('@wagmi/core/chains')
    ]);
    const config = createConfig({ chains: [mainnet], transports: { [mainnet.id]: http() }, storage: null });
    const connector = config.connectors.find((each) => each.id === id);
    if (!connector) {
      throw new WalletError(`The wallet ${id} is not there any more. Unlock it and try again.`, {
        details: { wallet: id }
      });
    }
    await said(connector.name, () => connect(config, { connector }));
    return new WalletConnection(config, connector.name);
  }

  /**
   * Where the wallet is now: people switch accounts and networks in mid-flow.
   * @throws WalletError where it let go of the page
   */
  async account(): Promise<WalletAccount> {
    const { getAccount } = await import('@wagmi/core');
    const { address, chainId } = getAccount(this.#config);
    if (!address || chainId === undefined) {
      throw new WalletError(`${this.#name} is not connected any more. Connect it again.`);
    }
    return { address, chainId };
  }

  /** Has the wallet show typed data and sign it. @throws WalletRejectedError, WalletError */
  async sign(data: ClaimTypedData, account: `0x${string}`): Promise<`0x${string}`> {
    const { signTypedData } = await import('@wagmi/core');
    return said(this.#name, () => signTypedData(this.#config, { ...data, account }));
  }

  async close(): Promise<void> {
    const { disconnect } = await import('@wagmi/core');
    await disconnect(this.#config);
  }
}

/** Runs a request to a wallet; its failures in our words. */
async function said<T>(name: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    if (isRejection(cause)) {
      throw new WalletRejectedError(`Nothing was signed: the request was declined in ${name}.`, { cause });
    }
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new WalletError(`${name} could not do it: ${reason}`, { details: { wallet: name }, cause });
  }
}

/** EIP-1193's code 4001, wherever in the chain of causes it is. */
function isRejection(error: unknown): boolean {
  for (let each = error; each instanceof Object; each = (each as { cause?: unknown }).cause) {
    if ((each as { code?: unknown }).code === 4001) return true;
  }
  return false;
}
