import { proxy } from 'comlink';
import { isStop } from '$lib/components/ui/describe-error';
import type { StatementKind } from '$lib/datanets/trust/statements';
import type { WorkerClient } from '$lib/workers/client';
import type { DatanetEvent, DatanetWorker, Received } from '$lib/workers/datanets/protocol';

/** What somebody gave: looked at first, kept only when the person says so. */
export class Opening {
  stage = $state<'idle' | 'looking' | 'found' | 'keeping'>('idle');
  received = $state.raw<Received>();
  progress = $state.raw<DatanetEvent>();
  error = $state.raw<unknown>();
  readonly #datanets: WorkerClient<DatanetWorker>;
  /** What was opened before is dropped when its answer comes. */
  #turn = 0;

  constructor(datanets: WorkerClient<DatanetWorker>) {
    this.#datanets = datanets;
  }

  get busy(): boolean {
    return this.stage === 'looking' || this.stage === 'keeping';
  }

  /** Looks at a file or a link. Nothing is kept. */
  async look(source: File | string): Promise<void> {
    if (this.stage === 'keeping') return;
    const turn = ++this.#turn;
    this.stage = 'looking';
    this.received = undefined;
    this.progress = undefined;
    this.error = undefined;
    try {
      const received = await this.#datanets.call((datanets) =>
        datanets.open(
          source,
          proxy((event) => {
            if (turn === this.#turn) this.progress = event;
          })
        )
      );
      if (turn !== this.#turn) return;
      this.received = received;
      this.stage = 'found';
    } catch (error) {
      if (turn !== this.#turn) return;
      this.stage = 'idle';
      if (!isStop(error)) this.error = error;
    }
  }

  /**
   * Takes in what is shown. Gives the local id of the Datanet that it belongs to ('' where it belongs to none) and what
   * it was; undefined where that failed.
   */
  async keep(): Promise<{ id: string; kind: StatementKind } | undefined> {
    const { received } = this;
    if (this.stage !== 'found' || !received) return undefined;
    this.stage = 'keeping';
    this.error = undefined;
    try {
      const id = await this.#datanets.call((datanets) => datanets.keep(received.received));
      this.received = undefined;
      this.stage = 'idle';
      return { id, kind: received.kind };
    } catch (error) {
      // It is still there, to be tried again or discarded.
      this.stage = 'found';
      this.error = error;
      return undefined;
    }
  }

  /** Forgets what is shown, or what is looked at. */
  discard(): void {
    if (this.stage === 'keeping') return;
    if (this.stage === 'looking') this.#datanets.call((datanets) => datanets.cancel()).catch(() => undefined);
    this.#turn += 1;
    this.stage = 'idle';
    this.received = undefined;
    this.error = undefined;
  }
}

/** The tab of a Datanet's page where what came in is seen; the first one where there is no better. */
export const tabOfKind: Partial<Record<StatementKind, string>> = {
  contribution: 'proposals',
  withdrawal: 'proposals',
  decision: 'hand-in',
  'access-request': 'access',
  'access-grant': 'access',
  refusal: 'access',
  revocation: 'access',
  validation: 'versions'
};

/** The `#open=…` of a link that somebody pasted, whole or in part; undefined where there is none. */
export function fragmentOf(text: string): string | undefined {
  return /#open=[\w-]+/.exec(text)?.[0];
}
