import { proxy } from 'comlink';
import { askThroughWallet, type AskableConnection } from '$lib/components/claims/wallet/ask-chain';
import { PageWallet, type PageConnection } from '$lib/components/claims/wallet/page-wallet.svelte';
import { isStop } from '$lib/components/ui/describe-error';
import { isForWallets } from '$lib/attribution/claims/typed-data';
import { claimOf } from '$lib/attribution/claims/wallet-signature';
import type { WalletSignature } from '$lib/datanets/trust/statements';
import type { AnnouncedWallet } from '$lib/wallet/announced';
import type { WorkerClient } from '$lib/workers/client';
import type {
  DatanetEvent,
  DatanetWorker,
  PreparedStatement,
  SignedFile,
  StatementRequest
} from '$lib/workers/datanets/protocol';
import { openWallet, signShown } from './wallet-signature';

/** What signing needs of a connection: the signature, and what only its chain can tell of it. */
export type SigningConnection = PageConnection & AskableConnection;

/** `preparing`: the worker makes the statement. `asking`: its words are shown, and nothing is signed yet. */
export type SigningStage = 'closed' | 'preparing' | 'asking' | 'signing' | 'signed' | 'failed';

/** The one way to a signature: whatever is signed was first shown in words, and a person pressed Sign. */
export class Signing {
  stage = $state<SigningStage>('closed');
  kind = $state<StatementRequest['kind']>('invitation');
  prepared = $state.raw<PreparedStatement>();
  signed = $state.raw<SignedFile>();
  progress = $state.raw<DatanetEvent>();
  /** Why it failed; while `asking`, why the wallet did not sign. */
  error = $state.raw<unknown>();
  /** The wallet that signs, too, where one was chosen. */
  readonly wallet: PageWallet<SigningConnection>;
  /** What that wallet will show, of the statement and on the network where it is. */
  readonly data = $derived.by(() => {
    const statement = this.prepared?.statement;
    const { account } = this.wallet;
    return account && statement && isForWallets(statement) ? claimOf(statement, account.chainId) : undefined;
  });
  readonly #datanets: WorkerClient<DatanetWorker>;
  #answer: ((file: SignedFile | undefined) => void) | undefined;
  /** An answer that comes for an earlier question is dropped. */
  #turn = 0;

  constructor(
    datanets: WorkerClient<DatanetWorker>,
    open: (id: string) => Promise<SigningConnection> = openWallet
  ) {
    this.#datanets = datanets;
    this.wallet = new PageWallet(open);
  }

  get open(): boolean {
    return this.stage !== 'closed';
  }

  /**
   * Shows what would be signed, and signs it when the person says so. Resolves as soon as it is signed, with the file;
   * with undefined where the person does not want to, where it failed (the dialog says why), and where another
   * question is open.
   */
  async ask(request: StatementRequest): Promise<SignedFile | undefined> {
    if (this.open) return undefined;
    const turn = ++this.#turn;
    this.kind = request.kind;
    if (request.kind !== 'wallet-link') this.wallet.close();
    this.prepared = undefined;
    this.signed = undefined;
    this.progress = undefined;
    this.error = undefined;
    this.stage = 'preparing';
    const answer = new Promise<SignedFile | undefined>((resolve) => (this.#answer = resolve));
    try {
      const prepared = await this.#datanets.call((datanets) =>
        datanets.prepare(
          request,
          proxy((event) => {
            if (turn === this.#turn && this.stage === 'preparing') this.progress = event;
          })
        )
      );
      if (turn !== this.#turn || this.stage !== 'preparing') return await answer;
      this.prepared = prepared;
      this.stage = 'asking';
    } catch (error) {
      if (turn === this.#turn && this.stage === 'preparing') this.#fail(error);
    }
    return answer;
  }

  /**
   * Says that an account of a wallet is this person's, too: the wallet names the account, then both keys sign.
   * @throws WalletRejectedError, WalletError
   */
  async link(wallet: AnnouncedWallet): Promise<SignedFile | undefined> {
    if (this.open) return undefined;
    this.wallet.choose(wallet);
    await this.wallet.connect();
    const { account, error } = this.wallet;
    if (account) return this.ask({ kind: 'wallet-link', address: account.address });
    this.wallet.close();
    if (error !== undefined) throw error;
    return undefined;
  }

  /** The person agrees to the words that are shown. Where the wallet does not, they are still there to be signed. */
  async sign(): Promise<void> {
    const { prepared, wallet } = this;
    const shown = wallet.account;
    if (this.stage !== 'asking' || !prepared || (wallet.chosen && !shown)) return;
    const { statement } = prepared;
    this.stage = 'signing';
    this.error = undefined;
    let signature: WalletSignature | undefined;
    try {
      if (shown && isForWallets(statement))
        signature = await wallet.use(shown, (connection) => signShown(connection, statement, shown));
    } catch (error) {
      this.error = error;
      this.stage = 'asking';
      return;
    }
    try {
      this.signed = await this.#datanets.call((datanets) => {
        if (!signature) return datanets.sign(prepared.prepared);
        // Of a plain account it is not asked anything.
        const ask = askThroughWallet(wallet.connected().connection);
        return datanets.sign(prepared.prepared, signature, proxy(ask));
      });
      this.stage = 'signed';
      this.wallet.close();
      this.#settle(this.signed);
    } catch (error) {
      if (!signature) return this.#fail(error);
      // A signature that does not hold is the wallet's doing; without it, or with another, the words can be signed.
      this.error = error;
      this.stage = 'asking';
    }
  }

  /** Closes the dialog: not now, or done. While it signs there is nothing to close. */
  close(): void {
    if (this.stage === 'signing' || !this.open) return;
    // A version of many rows takes a while to prepare; nobody waits for it any more.
    if (this.stage === 'preparing')
      this.#datanets.call((datanets) => datanets.cancel()).catch(() => undefined);
    this.stage = 'closed';
    this.wallet.close();
    this.#settle(undefined);
  }

  #fail(error: unknown): void {
    this.stage = isStop(error) ? 'closed' : 'failed';
    this.error = error;
    this.wallet.close();
    this.#settle(undefined);
  }

  #settle(file: SignedFile | undefined): void {
    this.#answer?.(file);
    this.#answer = undefined;
  }
}
