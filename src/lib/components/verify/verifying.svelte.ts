import { proxy } from 'comlink';
import { isAbort } from '$lib/components/ui/describe-error';
import type { VerifyReport } from '$lib/datanets/verify/verify';
import type { WorkerClient } from '$lib/workers/client';
import type { DatanetEvent, DatanetWorker } from '$lib/workers/datanets/protocol';

export interface Verified {
  /** What the file is called here; a stranger's word. */
  name: string;
  bytes: number;
  report: VerifyReport;
}

export type Verdict = 'holds' | 'fails' | 'unknown' | 'unreadable';

/** What the checks of a file come to. */
export function verdictOf({ kind, checks }: VerifyReport): Verdict {
  if (kind === 'unreadable') return 'unreadable';
  if (checks.some(({ state }) => state === 'fails')) return 'fails';
  return checks.some(({ state }) => state === 'unknown') ? 'unknown' : 'holds';
}

/** Files that are checked with each other at hand. */
export class Verifying {
  results = $state.raw<Verified[]>([]);
  progress = $state.raw<DatanetEvent>();
  /** Names of the files that are being looked at. */
  files = $state.raw<string[]>([]);
  error = $state.raw<unknown>();
  readonly #client: WorkerClient<DatanetWorker>;
  /** What was asked before is dropped when its answer comes. */
  #turn = 0;

  constructor(client: WorkerClient<DatanetWorker>) {
    this.#client = client;
  }

  get busy(): boolean {
    return this.files.length > 0;
  }

  /** Checks these files, in place of those before. */
  async verify(files: File[]): Promise<void> {
    if (this.busy) return;
    const turn = ++this.#turn;
    this.files = files.map(({ name }) => name);
    this.results = [];
    this.progress = undefined;
    this.error = undefined;
    try {
      const onEvent = proxy((event: DatanetEvent) => {
        if (turn === this.#turn) this.progress = event;
      });
      const reports = await this.#client.call((datanets) => datanets.verify(files, onEvent));
      if (turn !== this.#turn) return;
      this.results = reports.map((report, i) => ({ name: files[i].name, bytes: files[i].size, report }));
    } catch (error) {
      if (turn === this.#turn && !isAbort(error)) this.error = error;
    } finally {
      if (turn === this.#turn) this.files = [];
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
