/** A wallet with real keys over real chains, as a page sees one (EIP-1193). */
import { createClient, http, type LocalAccount, type TypedDataDefinition } from 'viem';
import { sendTransaction } from 'viem/actions';
import type { Eip1193Provider } from '../../src/lib/chain/chain';
import { richAccount, type Anvil } from './anvil';

interface TransactionRequest {
  from: string;
  to?: `0x${string}`;
  data?: `0x${string}`;
  [quantity: string]: string | undefined;
}

export class AnvilWallet implements Eip1193Provider {
  /** What the person has: the first is chosen. */
  accounts: LocalAccount[] = [richAccount(0), richAccount(1)];
  /** The networks that the wallet knows: the first is chosen. */
  chains: Anvil[];
  /** Says no to whatever it is asked to sign, send or switch. */
  declines = false;
  /** Methods that it was asked for, in their order. */
  readonly asked: string[] = [];
  readonly #listeners = new Map<string, Set<(value: unknown) => void>>();

  constructor(...chains: Anvil[]) {
    this.chains = chains;
  }

  /** The person chooses another account. */
  choose(account: LocalAccount): void {
    this.accounts = [account, ...this.accounts.filter((each) => each.address !== account.address)];
    this.#emit('accountsChanged', [account.address]);
  }

  /** The person chooses another network. */
  goTo(chainId: number): void {
    const chain = this.chains.find((each) => each.chainId === chainId);
    if (!chain) throw failure(4902, `Unrecognized chain ID ${chainId}.`);
    this.chains = [chain, ...this.chains.filter((each) => each !== chain)];
    this.#emit('chainChanged', `0x${chainId.toString(16)}`);
  }

  on(event: string, listener: (value: unknown) => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }

  removeListener(event: string, listener: (value: unknown) => void): void {
    this.#listeners.get(event)?.delete(listener);
  }

  async request({ method, params = [] }: { method: string; params?: unknown }): Promise<unknown> {
    this.asked.push(method);
    const [first, second] = params as unknown[];
    if (this.declines && /^(eth_send|eth_sign|eth_requestAccounts|wallet_)/.test(method)) {
      throw failure(4001, 'User rejected the request.');
    }
    switch (method) {
      case 'eth_requestAccounts':
      case 'eth_accounts':
        return this.accounts.map(({ address }) => address);
      case 'eth_chainId':
        return `0x${this.chains[0].chainId.toString(16)}`;
      case 'eth_signTypedData_v4':
        return this.#accountOf(first as string).signTypedData(
          JSON.parse(second as string) as TypedDataDefinition
        );
      case 'eth_sendTransaction':
        return this.#send(first as TransactionRequest);
      case 'wallet_switchEthereumChain':
        return this.goTo(Number((first as { chainId: string }).chainId)) ?? null;
      default:
        if (method.startsWith('wallet_')) throw failure(4200, `${method} is not supported.`);
        return this.chains[0].rpc(method, params as unknown[]);
    }
  }

  #accountOf(address: string): LocalAccount {
    const account = this.accounts.find((each) => each.address.toLowerCase() === address.toLowerCase());
    if (!account) throw failure(4100, `The account ${address} is not authorised.`);
    return account;
  }

  #send({ from, to, data, ...quantities }: TransactionRequest): Promise<string> {
    const { type: _type, ...amounts } = quantities;
    const numbers = Object.fromEntries(
      Object.entries(amounts).map(([name, value]) => [name, BigInt(value!)])
    );
    const { url } = this.chains[0];
    return sendTransaction(createClient({ transport: http(url) }), {
      account: this.#accountOf(from),
      chain: null,
      to,
      data,
      ...numbers
    } as never);
  }

  #emit(event: string, value: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value);
  }
}

/** EIP-1193's error. */
function failure(code: number, message: string): Error {
  return Object.assign(new Error(message), { code });
}
