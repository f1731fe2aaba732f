import { proxy } from 'comlink';
import { isStop } from '$lib/components/ui/describe-error';
import type { ChainRequest } from '$lib/datanets/verify/chain-request';
import type { VerifyReport } from '$lib/datanets/verify/verify';
import type { WorkerClient } from '$lib/workers/client';
import type { DatanetEvent, DatanetWorker } from '$lib/workers/datanets/protocol';
import type { AskedWallet } from './asked-wallet';

export interface Verified {
  /** What the file is called here; a stranger's word. */
  name: string;
  bytes: number;
  report: VerifyReport;
}

/** Files that are checked with each other at hand. */
export class Verifying {
  results = $state.raw<Verified[]>([]);
  progress = $state.raw<DatanetEvent>();
  /** Names of the files that are being looked at. */
  files = $state.raw<string[]>([]);
  error = $state.raw<unknown>();
  readonly #client: WorkerClient<DatanetWorker>;
  #given: File[] = [];
  /** What was asked before is dropped when its answer comes. */
  #turn = 0;

  constructor(client: WorkerClient<DatanetWorker>) {
    this.#client = client;
  }

  get busy(): boolean {
    return this.files.length > 0;
  }

  /** Chains that could tell what is unknown. */
  get chains(): number[] {
    const ids = this.results.flatMap(({ report }) => report.checks.flatMap(({ chainId }) => chainId ?? []));
    return ids.filter((id, index) => ids.indexOf(id) === index);
  }

  /**
   * Checks these files, in place of those before.
   * @param chain asks chains what only they know
   */
  async verify(files: File[], chain?: ChainRequest): Promise<void> {
    if (this.busy) return;
    this.#given = files;
    const turn = ++this.#turn;
    this.files = files.map(({ name }) => name);
    this.results = [];
    this.progress = undefined;
    this.error = undefined;
    try {
      const onEvent = proxy((event: DatanetEvent) => {
        if (turn === this.#turn) this.progress = event;
      });
      const reports = await this.#client.call((datanets) =>
        chain ? datanets.verify(files, onEvent, proxy(chain)) : datanets.verify(files, onEvent)
      );
      if (turn !== this.#turn) return;
      this.results = reports.map((report, i) => ({ name: files[i].name, bytes: files[i].size, report }));
    } catch (error) {
      if (turn === this.#turn && !isStop(error)) this.error = error;
    } finally {
      if (turn === this.#turn) this.files = [];
    }
  }

  /**
   * Checks the same files again, and asks their chains through a wallet.
   * @param open connects it; its failure is in `error`
   */
  async verifyThrough(open: () => Promise<AskedWallet>): Promise<void> {
    if (this.busy) return;
    let wallet: AskedWallet | undefined;
    try {
      wallet = await open();
      await this.verify(this.#given, wallet.ask);
    } catch (error) {
      this.error = error;
    } finally {
      wallet?.close();
    }
  }

  cancel(): void {
    this.#turn += 1;
    this.files = [];
    this.#client.call((datanets) => datanets.cancel()).catch((error: unknown) => (this.error = error));
  }

  end(): void {
    this.#client.end();
  }
}
