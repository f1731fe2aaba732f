import { saveAs } from '$lib/components/ui/save-as';
import type { ClaimWorker } from '$lib/workers/claims/protocol';
import type { WorkerClient } from '$lib/workers/client';
import type { DatanetWorker } from '$lib/workers/datanets/protocol';
import type { AdapterSummary, DataWorker } from '$lib/workers/protocol';
import { ProvenanceState } from './provenance.svelte';

/** The adapters of this browser, and which one chats and is exported. */
export class AdaptersState {
  list = $state.raw<AdapterSummary[]>([]);
  chosen = $state<string>();
  busy = $state(false);
  error = $state.raw<unknown>();
  /** Who made the adapter that is looked into, and how. */
  readonly provenance: ProvenanceState;
  readonly #data: WorkerClient<DataWorker>;

  constructor(data: WorkerClient<DataWorker & DatanetWorker & ClaimWorker>) {
    this.#data = data;
    this.provenance = new ProvenanceState(data);
  }

  /** The adapters of a base, and those from elsewhere: what they call their base may be a path of another computer. */
  of(modelName: string | undefined): AdapterSummary[] {
    return this.list.filter((adapter) => adapter.modelName === modelName || adapter.run === undefined);
  }

  /** Reads the list anew; chooses `prefer`, else keeps the choice, else takes the newest. */
  async refresh(prefer?: string): Promise<void> {
    await this.#attempt(async () => {
      this.list = await this.#data.call((data) => data.adapters());
      const wanted = prefer ?? this.chosen;
      this.chosen = this.list.some((adapter) => adapter.id === wanted) ? wanted : this.list[0]?.id;
    });
  }

  async remove(id: string): Promise<void> {
    if (this.provenance.adapter === id) await this.provenance.show(undefined);
    await this.#attempt(() => this.#data.call((data) => data.deleteAdapter(id)));
    await this.refresh();
  }

  async importFiles(files: File[]): Promise<void> {
    let imported: AdapterSummary | undefined;
    await this.#attempt(async () => {
      imported = await this.#data.call((data) => data.importAdapter(files));
    });
    if (!imported) return;
    await this.refresh(imported.id);
    // What it says of itself is seen before it is used.
    await this.provenance.show(imported.id);
  }

  /** A zip for the person's own disk. */
  async export(adapter: AdapterSummary): Promise<void> {
    await this.#attempt(async () => {
      const blob = await this.#data.call((data) => data.exportAdapter(adapter.id));
      saveAs(blob, `${fileName(adapter.name)}.zip`);
    });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.error = undefined;
    try {
      await work();
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
  }
}

/** A name that every file system takes. */
export function fileName(name: string): string {
  return (
    name
      .normalize('NFKD')
      .replace(/[^\w.-]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '')
      .slice(0, 80) || 'adapter'
  );
}
