import type { Person } from '$lib/datanets/trust/statements';
import type { WorkerClient } from '$lib/workers/client';
import type { DatanetDetail, DatanetWorker } from '$lib/workers/datanets/protocol';
import type { Signing } from './signing.svelte';

/** What the areas of a Datanet's page work with: each takes it as `desk`, so that any page can hold them. */
export interface Desk {
  readonly client: WorkerClient<DatanetWorker>;
  readonly signing: Signing;
  /** The Datanet that is shown. Reactive. */
  readonly detail: DatanetDetail;
  /** This browser's person, once read. Reactive. */
  readonly person: Person | undefined;
  /** Reads the Datanet anew, after something of it changed. */
  refresh(): Promise<void>;
}
