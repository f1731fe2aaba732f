import {
  createClient,
  custom,
  formatUnits,
  getAddress,
  http,
  type Address,
  type Client,
  type Hex
} from 'viem';
import { getBlock, getChainId } from 'viem/actions';
import { told, WalletMovedError } from './failures';
import { factsOf, knownChain, type ChainFacts } from './known';

/** EIP-1193: what a wallet gives to a page. */
export interface Eip1193Provider {
  request(request: { method: string; params?: unknown }): Promise<unknown>;
  on?(event: string, listener: (value: unknown) => void): unknown;
  removeListener?(event: string, listener: (value: unknown) => void): unknown;
}

/** A chain to read from. Everything that reads takes one; who also sends takes a `Chain`. */
export class ChainReader {
  readonly facts: ChainFacts;
  /** For viem's actions. */
  readonly client: Client;

  protected constructor(facts: ChainFacts, client: Client) {
    this.facts = facts;
    this.client = client;
  }

  /**
   * The chain behind the address of a node, for the command line.
   * @param url of its JSON-RPC interface, over HTTP
   * @throws ChainError where nothing answers
   */
  static async at(url: string): Promise<ChainReader> {
    const transport = http(url, { retryCount: 1, timeout: 20_000 });
    const id = await told({ what: 'name itself', chain: `The chain at ${url}` }, () =>
      getChainId(createClient({ transport }))
    );
    const chain = await knownChain(id);
    return new ChainReader(factsOf(id, chain), createClient({ chain, transport }));
  }

  get id(): number {
    return this.facts.id;
  }

  get name(): string {
    return this.facts.name;
  }

  /** Of an account or a contract in the explorer; undefined where none is known. */
  addressLink(address: string): string | undefined {
    return this.facts.explorer && `${this.facts.explorer}/address/${address}`;
  }

  transactionLink(hash: string): string | undefined {
    return this.facts.explorer && `${this.facts.explorer}/tx/${hash}`;
  }

  /** When a block was made, milliseconds since 1970. @throws ChainError */
  async momentOf({ blockNumber }: { blockNumber: bigint }): Promise<number> {
    const context = { what: 'tell the time of a block', chain: this.name };
    const { timestamp } = await told(context, () => getBlock(this.client, { blockNumber }));
    return Number(timestamp) * 1000;
  }

  /** `0.25 ETH`: exact. @param wei the smallest unit of the chain's coin */
  amount(wei: bigint): string {
    return `${formatUnits(wei, this.facts.decimals)} ${this.facts.symbol}`;
  }
}

/** A chain as the person's own wallet reaches it, for one account. Other parts of Tabtune never talk to a node. */
export class Chain extends ChainReader {
  /** Checksummed (EIP-55). */
  readonly account: Address;
  readonly #provider: Eip1193Provider;

  private constructor(facts: ChainFacts, client: Client, provider: Eip1193Provider, account: Address) {
    super(facts, client);
    this.account = account;
    this.#provider = provider;
  }

  /**
   * The chain that the wallet is on now; any chain will do, known or not.
   * @param account the one of the wallet that pays and signs
   * @throws ChainError where the wallet does not say which chain that is
   */
  static async open(provider: Eip1193Provider, account: string): Promise<Chain> {
    // Never asked twice by itself: a transaction that is sent again is paid again.
    const transport = custom(provider, { retryCount: 0 });
    const id = await told({ what: 'name itself', chain: "The wallet's network" }, () =>
      getChainId(createClient({ transport }))
    );
    const chain = await knownChain(id);
    const facts = factsOf(id, chain);
    // A block on the person's own machine comes at once; elsewhere viem asks as often as the chain has blocks.
    const pollingInterval = facts.local ? 100 : undefined;
    return new Chain(
      facts,
      createClient({ chain, transport, pollingInterval }),
      provider,
      getAddress(account)
    );
  }

  /**
   * Makes sure that the wallet is where it was when this was opened.
   * @throws WalletMovedError
   */
  async stillHere(): Promise<void> {
    const [accounts, chain] = await told({ what: 'name account and network', chain: 'The wallet' }, () =>
      Promise.all([
        this.#provider.request({ method: 'eth_accounts' }) as Promise<string[]>,
        this.#provider.request({ method: 'eth_chainId' }) as Promise<Hex>
      ])
    );
    const details = { account: this.account, now: accounts[0], chainId: this.id, chainNow: Number(chain) };
    if (Number(chain) !== this.id) {
      throw new WalletMovedError(
        `It was not sent: the wallet is on chain ${Number(chain)} now, and this was prepared for ${this.name} (${this.id}). Switch the network back, or prepare it anew.`,
        { details }
      );
    }
    if (accounts[0]?.toLowerCase() !== this.account.toLowerCase()) {
      throw new WalletMovedError(
        `It was not sent: the wallet's account is ${accounts[0] ?? 'locked'} now, and this was prepared for ${this.account}. Switch the account back, or prepare it anew.`,
        { details }
      );
    }
  }
}
