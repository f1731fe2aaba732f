import { Signing } from '$lib/components/datanet/sign/signing.svelte';
import type { GpuWork } from '$lib/components/attribution/gpu-work.svelte';
import type { Person } from '$lib/datanets/trust/statements';
import type { RepeatReport } from '$lib/workers/attribution/protocol';
import type { ClaimWorker, Provenance } from '$lib/workers/claims/protocol';
import type { WorkerClient } from '$lib/workers/client';
import type { DatanetWorker } from '$lib/workers/datanets/protocol';
import type { ModelChoice } from '$lib/workers/protocol';

/** What can be signed of an adapter. */
export type Signable = 'run-manifest' | 'attribution-receipt';

/** Who made the adapter that is looked into and how; one at a time. */
export class ProvenanceState {
  readonly client: WorkerClient<DatanetWorker & ClaimWorker>;
  /** Asks for signatures; its dialog is mounted once, by the section. */
  readonly signing: Signing;
  /** The adapter that is looked into. */
  adapter = $state<string>();
  found = $state.raw<Provenance>();
  /** Who this browser is. */
  person = $state.raw<Person>();
  /** What repeating the run has shown. */
  repeated = $state.raw<RepeatReport>();
  error = $state.raw<unknown>();

  constructor(client: WorkerClient<DatanetWorker & ClaimWorker>) {
    this.client = client;
    this.signing = new Signing(client);
  }

  /** Looks into an adapter, or into none. An older answer is dropped. */
  async show(adapter: string | undefined): Promise<void> {
    this.adapter = adapter;
    this.found = undefined;
    this.repeated = undefined;
    this.error = undefined;
    await this.refresh();
  }

  /** Reads it anew: something was signed, or measured. */
  async refresh(): Promise<void> {
    const { adapter } = this;
    if (adapter === undefined) return;
    try {
      const [found, person] = await Promise.all([
        this.client.call((worker) => worker.provenance(adapter)),
        this.client.call((worker) => worker.person())
      ]);
      if (adapter !== this.adapter) return;
      this.found = found;
      this.person = person;
    } catch (error) {
      if (adapter === this.adapter) this.error = error;
    }
  }

  /** Shows in words what would be signed, and signs it where the person says so. */
  async sign(kind: Signable): Promise<void> {
    const { adapter } = this;
    if (adapter === undefined) return;
    if (await this.signing.ask({ kind, adapter })) await this.refresh();
  }

  /** Trains the same again, as the manifest says, and compares. */
  async repeat(work: GpuWork, model: ModelChoice): Promise<void> {
    const { adapter, found } = this;
    const { manifest, receipt } = found ?? {};
    if (adapter === undefined || !manifest) return;
    this.repeated = undefined;
    this.error = undefined;
    try {
      const report = await work.run('repeat', (gpu, onEvent) =>
        gpu.repeatRun(
          { manifest: manifest.signed, model, adapter, ...(receipt ? { receipt: receipt.signed } : {}) },
          onEvent
        )
      );
      if (adapter === this.adapter) this.repeated = report;
    } catch (error) {
      if (adapter === this.adapter) this.error = error;
    }
  }
}
