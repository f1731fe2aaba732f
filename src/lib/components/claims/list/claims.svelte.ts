import type { WorkerClient } from '$lib/workers/client';
import type { ClaimSummary, ClaimWorker, PayoutRecord } from '$lib/workers/claims/protocol';

/** The claims of this browser, and the payouts that were made of them. */
export class ClaimsState {
  claims = $state.raw<ClaimSummary[]>([]);
  payouts = $state.raw<PayoutRecord[]>([]);
  /** Read once: until then an empty list means nothing. */
  ready = $state(false);
  error = $state.raw<unknown>();
  readonly #client: WorkerClient<ClaimWorker>;

  constructor(client: WorkerClient<ClaimWorker>) {
    this.#client = client;
  }

  /** Reads both anew. */
  async refresh(): Promise<void> {
    try {
      [this.claims, this.payouts] = await Promise.all([
        this.#client.call((worker) => worker.claims()),
        this.#client.call((worker) => worker.payouts())
      ]);
      this.ready = true;
    } catch (error) {
      this.error = error;
    }
  }
}
