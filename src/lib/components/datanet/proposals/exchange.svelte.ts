import type { DatanetPage } from '$lib/components/datanet/page.svelte';
import type { Exchange } from '$lib/workers/datanets/protocol';

/** All that was signed between people about one Datanet. */
export class ExchangeState {
  exchange = $state.raw<Exchange>();
  readonly #datanet: Pick<DatanetPage, 'id' | 'attempt'>;
  #turn = 0;

  constructor(datanet: Pick<DatanetPage, 'id' | 'attempt'>) {
    this.#datanet = datanet;
  }

  /** Reads it anew. An older answer is dropped; what fails is shown by the page. */
  async read(): Promise<void> {
    const turn = ++this.#turn;
    const exchange = await this.#datanet.attempt((datanets) => datanets.exchange(this.#datanet.id));
    if (exchange && turn === this.#turn) this.exchange = exchange;
  }

  /** Handed in, and not answered or taken back yet. */
  readonly waiting = $derived.by(() => newestFirst(this.exchange?.proposals ?? [], isWaiting));

  readonly settled = $derived.by(() =>
    newestFirst(this.exchange?.proposals ?? [], (proposal) => !isWaiting(proposal))
  );

  readonly invitations = $derived.by(() =>
    (this.exchange?.invitations ?? []).toSorted((a, b) =>
      b.statement.created.localeCompare(a.statement.created, 'en')
    )
  );
}

type Proposal = Exchange['proposals'][number];

function isWaiting(proposal: Proposal): boolean {
  return !proposal.decision && !proposal.withdrawn;
}

function newestFirst(proposals: readonly Proposal[], keep: (proposal: Proposal) => boolean): Proposal[] {
  return proposals.filter(keep).sort((a, b) => b.received - a.received);
}
