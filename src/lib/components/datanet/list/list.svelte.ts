import { proxy } from 'comlink';
import { TabtuneError } from '$lib/errors';
import type { DatanetFacts } from '$lib/datanets/datanet';
import type { Person } from '$lib/datanets/trust/statements';
import type { WorkerClient } from '$lib/workers/client';
import type {
  DatanetEvent,
  DatanetRole,
  DatanetSummary,
  DatanetWorker
} from '$lib/workers/datanets/protocol';
import { withEvents } from '$lib/workers/with-events';

/** The starter's Datanet could not be fetched from this site. */
export class StarterMissingError extends TabtuneError {}

export const roleWords: Record<DatanetRole, string> = {
  owner: 'yours',
  contributor: 'you write for it',
  reader: 'you received it'
};

/**
 * What a new Datanet says of itself: its name, and the rest later.
 * @param locale of its maker; its language is what the rows are expected in
 */
export function newFacts(name: string, locale: string): DatanetFacts {
  return {
    name: name.trim(),
    summary: '',
    description: '',
    tags: [],
    licence: { spdx: '' },
    language: new Intl.Locale(locale).language,
    purpose: '',
    contact: ''
  };
}

/** What waits for an owner, in words; empty where nothing does. */
export function waitingWords({ waiting }: Pick<DatanetSummary, 'waiting'>): string {
  const { proposals, requests } = waiting;
  return [
    proposals === 1 ? '1 proposal' : proposals > 1 ? `${proposals} proposals` : '',
    requests === 1 ? '1 request' : requests > 1 ? `${requests} requests` : ''
  ]
    .filter(Boolean)
    .join(', ');
}

/** The Datanets of this browser. */
export class DatanetList {
  list = $state.raw<DatanetSummary[]>([]);
  person = $state.raw<Person>();
  /** Read once: until then an empty list means nothing. */
  ready = $state(false);
  busy = $state(false);
  error = $state.raw<unknown>();
  /** Of a long call that goes on. */
  progress = $state.raw<DatanetEvent>();
  readonly client: WorkerClient<DatanetWorker>;

  constructor(client: WorkerClient<DatanetWorker>) {
    this.client = client;
  }

  async refresh(): Promise<void> {
    try {
      const list = await this.client.call((datanets) => datanets.list());
      this.list = list.toSorted((a, b) => b.updated - a.updated);
      this.person = await this.client.call((datanets) => datanets.person());
    } catch (error) {
      this.error = error;
    }
    this.ready = true;
  }

  /** Makes an empty Datanet. Gives its local id, or undefined where it failed. */
  async create(name: string, locale: string): Promise<string | undefined> {
    return this.#attempt(async () => {
      const summary = await this.client.call((datanets) => datanets.create(newFacts(name, locale)));
      return summary.id;
    });
  }

  /** Makes a Datanet of a Croissant description and its files. Gives its local id, or undefined where it failed. */
  async createFromCroissant(files: File[]): Promise<string | undefined> {
    return this.#attempt(async () => {
      const made = await withEvents<DatanetEvent, { id: string }>(
        (event) => (this.progress = event),
        (onEvent) => this.client.call((datanets) => datanets.createFromCroissant(files, onEvent))
      );
      return made.id;
    });
  }

  /**
   * Takes in the Datanet that comes with the page. Gives its local id, or undefined where it failed.
   * @param address of the bundle
   */
  async openStarter(address: string): Promise<string | undefined> {
    return this.#attempt(async () => {
      const response = await fetch(address);
      if (!response.ok) {
        throw new StarterMissingError(
          `The starter's Datanet could not be fetched: the site answered ${response.status}. Reload the page, or go on without it.`,
          { details: { address, status: response.status } }
        );
      }
      const name = address.split('/').at(-1) ?? 'starter.datanet';
      const file = new File([await response.blob()], name);
      return this.client.call(async (datanets) => {
        const { received } = await datanets.open(
          file,
          proxy(() => undefined)
        );
        return datanets.keep(received);
      });
    });
  }

  async remove(id: string): Promise<void> {
    await this.#attempt(() => this.client.call((datanets) => datanets.remove(id)));
    await this.refresh();
  }

  end(): void {
    this.client.end();
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    this.busy = true;
    this.error = undefined;
    try {
      return await work();
    } catch (error) {
      this.error = error;
      return undefined;
    } finally {
      this.busy = false;
      this.progress = undefined;
    }
  }
}
