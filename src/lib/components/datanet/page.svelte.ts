import type { Remote } from 'comlink';
import { createContext } from 'svelte';
import { isStop } from '$lib/components/ui/describe-error';
import type { WorkerClient } from '$lib/workers/client';
import type { DatanetDetail, DatanetEvent, DatanetWorker, RowsRef } from '$lib/workers/datanets/protocol';
import { withEvents } from '$lib/workers/with-events';
import type { Person } from '$lib/datanets/trust/statements';
import { Signing } from './sign/signing.svelte';

/** A long call that goes on, and how far it is. */
export interface PageWork {
  /** What the person is waiting for: `Reading handbook.pdf`. */
  label: string;
  event?: DatanetEvent;
}

/** One Datanet, as its page and every tab of it see it. */
export class DatanetPage {
  /** Of this browser; see `DatanetSummary`. */
  readonly id: string;
  readonly client: WorkerClient<DatanetWorker>;
  /** Asks for signatures; its dialog is mounted once, by the page. */
  readonly signing: Signing;
  detail = $state.raw<DatanetDetail>();
  /** Who this browser is. */
  person = $state.raw<Person>();
  /** What failed last, wherever on the page; shown once, above the tab. */
  error = $state.raw<unknown>();
  work = $state.raw<PageWork>();
  /** Grows whenever the Datanet may have changed: what was read from it before is stale. */
  revision = $state(0);

  constructor(client: WorkerClient<DatanetWorker>, id: string) {
    this.client = client;
    this.id = id;
    this.signing = new Signing(client);
  }

  /** A long call goes on: the worker takes no second one. */
  get busy(): boolean {
    return this.work !== undefined;
  }

  /** Whether rows and facts can be written here. A reader's are somebody else's. */
  get editable(): boolean {
    return this.detail !== undefined && this.detail.role !== 'reader';
  }

  /** The rows that this page is about; undefined where they cannot be read. */
  get rows(): RowsRef | undefined {
    const { detail } = this;
    if (!detail) return undefined;
    if (detail.role !== 'reader') return { of: 'draft', id: this.id };
    return detail.head && detail.access?.readable !== false
      ? { of: 'version', root: detail.head.root }
      : undefined;
  }

  /** Reads the Datanet anew. Call it after anything that changed it. */
  async reload(): Promise<void> {
    try {
      const [detail, person] = await Promise.all([
        this.client.call((datanets) => datanets.detail(this.id)),
        this.client.call((datanets) => datanets.person())
      ]);
      this.detail = detail;
      this.person = person;
      this.revision += 1;
    } catch (error) {
      this.error = error;
    }
  }

  /** Reads it anew where another tab changed it. */
  async lookAgain(): Promise<void> {
    if (this.busy || !this.detail) return;
    const seen = this.detail.updated;
    try {
      const { updated } = await this.client.call((datanets) => datanets.detail(this.id));
      if (updated !== seen && !this.busy) await this.reload();
    } catch (error) {
      this.error = error;
    }
  }

  /** A short call. What fails is shown on the page; the answer is then undefined. */
  async attempt<T>(work: (datanets: Remote<DatanetWorker>) => Promise<T>): Promise<T | undefined> {
    this.error = undefined;
    try {
      return await this.client.call(work);
    } catch (error) {
      if (!isStop(error)) this.error = error;
      return undefined;
    }
  }

  /**
   * A long call, with its progress on the page and a button to cancel it. Undefined where it failed, which is shown,
   * or was cancelled, and where another one goes on.
   */
  async run<T>(
    label: string,
    work: (datanets: Remote<DatanetWorker>, onEvent: (event: DatanetEvent) => void) => Promise<T>
  ): Promise<T | undefined> {
    if (this.busy) return undefined;
    this.work = { label };
    const result = await withEvents<DatanetEvent, T | undefined>(
      (event) => (this.work = { label, event }),
      (onEvent) => this.attempt((datanets) => work(datanets, onEvent))
    );
    this.work = undefined;
    return result;
  }

  /** Ends the long call. It then answers as cancelled. */
  async cancel(): Promise<void> {
    await this.attempt((datanets) => datanets.cancel());
  }

  /** The page is left. */
  end(): void {
    this.client.end();
  }
}

export const [getDatanet, setDatanet] = createContext<DatanetPage>();
