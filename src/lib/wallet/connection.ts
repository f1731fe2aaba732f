import type { Config } from '@wagmi/core';
import type { Eip1193Provider } from '../chain/chain';
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
    await said(connector.name, 'Nothing was connected', () => connect(config, { connector }));
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
    return said(this.#name, 'Nothing was signed', () => signTypedData(this.#config, { ...data, account }));
  }

  /** What the wallet gave to the page, for `Chain.open`. @throws WalletError where it let go of the page */
  async provider(): Promise<Eip1193Provider> {
    const { getConnection } = await import('@wagmi/core');
    const { connector } = getConnection(this.#config);
    if (!connector) throw new WalletError(`${this.#name} is not connected any more. Connect it again.`);
    return said(
      this.#name,
      'Nothing was done',
      async () => (await connector.getProvider()) as Eip1193Provider
    );
  }

  /**
   * Has the wallet go to another network (EIP-3326). One that the wallet does not know is offered to it (EIP-3085), where
   * its facts are published; the wallet asks the person about either.
   * @throws WalletRejectedError, WalletError
   */
  async switchTo(chainId: number): Promise<void> {
    const provider = await this.provider();
    const declined = 'The network is the same as before';
    const id = { chainId: `0x${chainId.toString(16)}` };
    const change = () => provider.request({ method: 'wallet_switchEthereumChain', params: [id] });
    await said(this.#name, declined, async () => {
      try {
        await change();
      } catch (cause) {
        if (!hasCode(cause, UNKNOWN_CHAIN)) throw cause;
        await provider.request({ method: 'wallet_addEthereumChain', params: [await this.#toAdd(chainId)] });
        // A wallet may add a network and stay where it is.
        if (Number(await provider.request({ method: 'eth_chainId' })) !== chainId) await change();
      }
    });
    const now = Number(await said(this.#name, declined, () => provider.request({ method: 'eth_chainId' })));
    if (now !== chainId) {
      throw new WalletError(
        `${this.#name} stayed on chain ${now}. Switch it to chain ${chainId} in the wallet.`,
        {
          details: { chainId: now, wanted: chainId }
        }
      );
    }
  }

  /** Tells whenever the wallet is at another account or network, and undefined once it is gone. Returns what ends it. */
  async watch(onChange: (account: WalletAccount | undefined) => void): Promise<() => void> {
    const { watchConnection } = await import('@wagmi/core');
    return watchConnection(this.#config, {
      onChange: ({ address, chainId }, before) => {
        if (address === before.address && chainId === before.chainId) return;
        onChange(address && chainId !== undefined ? { address, chainId } : undefined);
      }
    });
  }

  /** Parameters of `wallet_addEthereumChain`. */
  async #toAdd(id: number) {
    const { knownChain } = await import('../chain/known');
    const chain = await knownChain(id);
    if (!chain) {
      throw new WalletError(
        `${this.#name} does not know chain ${id}, and no facts about it are published. Add it in the wallet, and try again.`,
        { details: { chainId: id } }
      );
    }
    return {
      chainId: `0x${id.toString(16)}`,
      chainName: chain.name,
      nativeCurrency: chain.nativeCurrency,
      rpcUrls: chain.rpcUrls.default.http,
      ...(chain.blockExplorers && { blockExplorerUrls: [chain.blockExplorers.default.url] })
    };
  }

  async close(): Promise<void> {
    const { disconnect } = await import('@wagmi/core');
    await disconnect(this.#config);
  }
}

/** EIP-1193: the person said no. */
const REJECTED = 4001;
/** EIP-3085 and EIP-3326 as wallets implement them: the network was not added to the wallet yet. */
const UNKNOWN_CHAIN = 4902;

/** Runs a request to a wallet; its failures in our words. @param declined what is so when the person says no */
async function said<T>(name: string, declined: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    if (cause instanceof TabtuneError) throw cause;
    if (hasCode(cause, REJECTED)) {
      throw new WalletRejectedError(`${declined}: the request was declined in ${name}.`, { cause });
    }
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new WalletError(`${name} could not do it: ${reason}`, { details: { wallet: name }, cause });
  }
}

/** Whether a code of EIP-1193 is anywhere in the chain of causes; some wallets wrap the error of another. */
function hasCode(error: unknown, code: number): boolean {
  for (let each = error; each instanceof Object; each = (each as { cause?: unknown }).cause) {
    const { code: own, data } = each as { code?: unknown; data?: { originalError?: { code?: unknown } } };
    if (own === code || data?.originalError?.code === code) return true;
  }
  return false;
}
