import { TabtuneError } from '$lib/errors';
import type { AnnouncedWallet } from '$lib/wallet/announced';
import type { WalletAccount, WalletConnection } from '$lib/wallet/connection';

/** The wallet is at another account or on another network than the page showed. Nothing was signed or sent. */
export class SignerMovedError extends TabtuneError {}

/** What the page needs of a connection. */
export type PageConnection = Pick<WalletConnection, 'account' | 'sign' | 'watch' | 'close'>;

/**
 * One wallet as a dialog uses it: asked for an account when the person says so, watched from then on, let go at the end.
 * What is shown of it is what is signed with: where it moved meanwhile, nothing is.
 */
export class PageWallet<C extends PageConnection = WalletConnection> {
  /** The one that was chosen. */
  chosen = $state.raw<AnnouncedWallet>();
  /** Where it is, as the page shows it; undefined while it is not connected, or locked. */
  account = $state.raw<WalletAccount>();
  connecting = $state(false);
  /** Why it did not connect. */
  error = $state.raw<unknown>();
  readonly #open: (id: string) => Promise<C>;
  #connection: C | undefined;
  #unwatch: (() => void) | undefined;
  /** The answer of a wallet that was let go meanwhile is dropped. */
  #turn = 0;

  /** @param open asks a wallet for an account; loads the wallet code */
  constructor(open: (id: string) => Promise<C>) {
    this.#open = open;
  }

  /** Chooses a wallet, or none, without asking it anything. */
  choose(wallet: AnnouncedWallet | undefined): void {
    if (wallet?.id === this.chosen?.id) return;
    this.close();
    this.chosen = wallet;
  }

  /** Asks the chosen wallet for an account. What goes wrong is in `error`. */
  async connect(): Promise<void> {
    const { chosen } = this;
    if (!chosen || this.connecting) return;
    this.#release();
    const turn = ++this.#turn;
    this.connecting = true;
    this.error = undefined;
    try {
      const connection = await this.#open(chosen.id);
      if (turn !== this.#turn) return void connection.close();
      this.#connection = connection;
      const unwatch = await connection.watch((account) => {
        if (turn === this.#turn) this.account = account;
      });
      if (turn !== this.#turn) return unwatch();
      this.#unwatch = unwatch;
      this.account = await connection.account();
    } catch (error) {
      if (turn === this.#turn) this.error = error;
    } finally {
      if (turn === this.#turn) this.connecting = false;
    }
  }

  /** The connection, and where the page shows it to be. @throws SignerMovedError where there is none */
  connected(): { connection: C; account: WalletAccount } {
    const connection = this.#connection;
    const { account } = this;
    if (!connection || !account) {
      throw new SignerMovedError('The wallet is not connected any more. Connect it again.');
    }
    return { connection, account };
  }

  /**
   * Does what was shown for `shown`, with the wallet. It is asked before and after where it is: people switch account
   * and network in mid-flow, and what they then have signed is not what they read.
   * @throws SignerMovedError, and what `work` throws
   */
  async use<T>(shown: WalletAccount, work: (connection: C) => Promise<T>): Promise<T> {
    const { connection } = this.connected();
    await this.#stayed(connection, shown);
    const result = await work(connection);
    await this.#stayed(connection, shown);
    return result;
  }

  /** Lets go of the wallet; the next use asks it anew. */
  close(): void {
    this.#turn += 1;
    this.connecting = false;
    this.error = undefined;
    this.chosen = undefined;
    this.#release();
  }

  async #stayed(connection: C, shown: WalletAccount): Promise<void> {
    const now = await connection.account();
    this.account = now;
    if (now.address === shown.address && now.chainId === shown.chainId) return;
    const what = now.address === shown.address ? 'network' : 'account';
    throw new SignerMovedError(
      `Nothing was signed: the wallet was switched to another ${what} meanwhile. Look at what is shown now and go on, or switch it back.`,
      { details: { shown: `${shown.address} on ${shown.chainId}`, now: `${now.address} on ${now.chainId}` } }
    );
  }

  #release(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.account = undefined;
    // A wallet that does not answer its farewell is none the less let go.
    this.#connection?.close().catch(() => undefined);
    this.#connection = undefined;
  }
}
