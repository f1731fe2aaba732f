import { proxy } from 'comlink';
import { isAbort } from '$lib/components/ui/describe-error';
import type { WalletSignature } from '$lib/datanets/trust/statements';
import type { WorkerClient } from '$lib/workers/client';
import type {
  DatanetEvent,
  DatanetWorker,
  PreparedStatement,
  SignedFile,
  StatementRequest
} from '$lib/workers/datanets/protocol';
import { isForWallets, signWithWallet, walletAddress } from './wallet-signature';

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
  /** The wallet that signs, too, as it announced itself. */
  wallet = $state<string>();
  readonly #datanets: WorkerClient<DatanetWorker>;
  #answer: ((file: SignedFile | undefined) => void) | undefined;
  /** An answer that comes for an earlier question is dropped. */
  #turn = 0;

  constructor(datanets: WorkerClient<DatanetWorker>) {
    this.#datanets = datanets;
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
    if (request.kind !== 'wallet-link') this.wallet = undefined;
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
  async link(wallet: string): Promise<SignedFile | undefined> {
    if (this.open) return undefined;
    const address = await walletAddress(wallet);
    this.wallet = wallet;
    return this.ask({ kind: 'wallet-link', address });
  }

  /** The person agrees to the words that are shown. Where the wallet does not, they are still there to be signed. */
  async sign(): Promise<void> {
    const { prepared, wallet } = this;
    if (this.stage !== 'asking' || !prepared) return;
    const { statement } = prepared;
    this.stage = 'signing';
    this.error = undefined;
    let signature: WalletSignature | undefined;
    try {
      if (wallet !== undefined && isForWallets(statement))
        signature = await signWithWallet(statement, wallet);
    } catch (error) {
      this.error = error;
      this.stage = 'asking';
      return;
    }
    try {
      this.signed = await this.#datanets.call((datanets) =>
        signature ? datanets.sign(prepared.prepared, signature) : datanets.sign(prepared.prepared)
      );
      this.stage = 'signed';
      this.#settle(this.signed);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Closes the dialog: not now, or done. While it signs there is nothing to close. */
  close(): void {
    if (this.stage === 'signing' || !this.open) return;
    // A version of many rows takes a while to prepare; nobody waits for it any more.
    if (this.stage === 'preparing')
      this.#datanets.call((datanets) => datanets.cancel()).catch(() => undefined);
    this.stage = 'closed';
    this.#settle(undefined);
  }

  #fail(error: unknown): void {
    this.stage = isAbort(error) ? 'closed' : 'failed';
    this.error = error;
    this.#settle(undefined);
  }

  #settle(file: SignedFile | undefined): void {
    this.#answer?.(file);
    this.#answer = undefined;
  }
}
