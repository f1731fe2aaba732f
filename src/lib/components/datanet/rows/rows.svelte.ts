import { SvelteMap } from 'svelte/reactivity';
import { isStop } from '$lib/components/ui/describe-error';
import type { WorkerClient } from '$lib/workers/client';
import type {
  DatanetEvent,
  DatanetWorker,
  RowItem,
  RowQuery,
  RowsRef,
  RowView
} from '$lib/workers/datanets/protocol';
import { withEvents } from '$lib/workers/with-events';
import { nothingSelected, toggled, withKeys, withoutKey, type Selection } from './selection';

/** Rows that are asked for at once. */
export const pageRows = 50;

/** Pieces that are kept: those farthest from what is seen go first. */
const keptPages = 24;

/** The rows of a draft, a version or a proposal that a query finds: as many of them here as are looked at. */
export class RowsState {
  readonly client: WorkerClient<DatanetWorker>;
  readonly rows: RowsRef;
  query = $state.raw<RowQuery>({});
  view = $state.raw<RowView>();
  searching = $state(false);
  progress = $state.raw<DatanetEvent>();
  error = $state.raw<unknown>();
  /** Place in the view of the row that is read, which the arrow keys move. */
  active = $state<number>();
  /** The row is read over the list, where there is no room beside it. */
  reading = $state(false);
  /** The row that is read has changes that are not saved. */
  unsaved = $state(false);
  /** Keys of the rows that are chosen together. They stay chosen when the query changes. */
  selected = $state.raw<Selection>(nothingSelected);
  readonly #mayLeave: () => boolean;
  readonly #pages = new SvelteMap<number, RowItem[]>();
  #wanted: { first: number; end: number } = { first: 0, end: 0 };
  #loading = false;
  #turn = 0;
  /** Where choosing a range begins. */
  #anchor: number | undefined;

  /** @param mayLeave asks the person before a change that is not saved is left */
  constructor(client: WorkerClient<DatanetWorker>, rows: RowsRef, mayLeave = () => true) {
    this.client = client;
    this.rows = rows;
    this.#mayLeave = mayLeave;
  }

  get total(): number {
    return this.view?.total ?? 0;
  }

  get activeItem(): RowItem | undefined {
    return this.active === undefined ? undefined : this.item(this.active);
  }

  /** The row at a place of the view; undefined while it is not here. */
  item(index: number): RowItem | undefined {
    return this.#pages.get(Math.floor(index / pageRows))?.[index % pageRows];
  }

  /** Looks for rows. An older question's answer is dropped. */
  async search(query: RowQuery): Promise<void> {
    this.query = query;
    this.active = undefined;
    this.#anchor = undefined;
    await this.refresh();
  }

  /** Asks the same question again: rows came, went or changed. */
  async refresh(): Promise<void> {
    const turn = ++this.#turn;
    this.searching = true;
    this.progress = undefined;
    try {
      const view = await withEvents<DatanetEvent, RowView>(
        (event) => {
          if (turn === this.#turn) this.progress = event;
        },
        (onEvent) => this.client.call((datanets) => datanets.view(this.rows, this.query, onEvent))
      );
      if (turn !== this.#turn) return;
      this.view = view;
      this.error = undefined;
      this.#pages.clear();
      if (this.active !== undefined && this.active >= view.total) this.active = undefined;
      await this.#load();
    } catch (error) {
      if (turn === this.#turn && !isStop(error)) this.error = error;
    } finally {
      if (turn === this.#turn) this.searching = false;
    }
  }

  /** Says which places are looked at, so that their rows come. */
  want(first: number, end: number): void {
    this.#wanted = { first, end };
    void this.#load();
  }

  /** Puts a changed row in the place of what was shown. */
  replace(item: RowItem): void {
    for (const [page, items] of this.#pages) {
      const at = items.findIndex((each) => each.key === item.key);
      if (at >= 0) this.#pages.set(page, items.with(at, item));
    }
  }

  /** Moves to a place of the view, within its bounds. */
  go(index: number): void {
    if (this.total === 0) return;
    const place = Math.max(0, Math.min(index, this.total - 1));
    if (place !== this.active && this.unsaved && !this.#mayLeave()) return;
    this.active = place;
    this.#anchor = place;
  }

  toggle(index: number): void {
    const key = this.item(index)?.key;
    if (key === undefined) return;
    this.selected = toggled(this.selected, key);
    this.#anchor = index;
  }

  /** Chooses all from where choosing began up to a place. */
  async selectTo(index: number): Promise<void> {
    const end = Math.max(0, Math.min(index, this.total - 1));
    const anchor = this.#anchor ?? this.active ?? end;
    this.active = end;
    const keys = await this.#keys();
    const range = keys?.subarray(Math.min(anchor, end), Math.max(anchor, end) + 1);
    this.selected = withKeys(this.selected, range ?? []);
    this.#anchor = anchor;
  }

  /** Chooses every row that the query finds. */
  async selectAll(): Promise<void> {
    this.selected = withKeys(this.selected, (await this.#keys()) ?? []);
  }

  /** A row that is gone is chosen no longer. */
  unselect(key: number): void {
    this.selected = withoutKey(this.selected, key);
  }

  clearSelection(): void {
    this.selected = nothingSelected;
  }

  async #keys(): Promise<Uint32Array | undefined> {
    const { view } = this;
    if (!view) return undefined;
    try {
      return await this.client.call((datanets) => datanets.keys(view.view));
    } catch (error) {
      this.error = error;
      return undefined;
    }
  }

  /** Fetches what is looked at, one piece at a time: a fast scroll skips what it passed. */
  async #load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      for (;;) {
        const { view } = this;
        const page = this.#missing();
        if (!view || page === undefined) return;
        const items = await this.client.call((datanets) =>
          datanets.items(view.view, page * pageRows, pageRows)
        );
        // A newer view has other rows in these places.
        if (view !== this.view) continue;
        this.#pages.set(page, items);
        this.#forget();
      }
    } catch (error) {
      this.error = error;
    } finally {
      this.#loading = false;
    }
  }

  #missing(): number | undefined {
    const end = Math.min(this.#wanted.end, this.total);
    for (let page = Math.floor(this.#wanted.first / pageRows); page * pageRows < end; page += 1) {
      if (!this.#pages.has(page)) return page;
    }
    return undefined;
  }

  #forget(): void {
    const middle = (this.#wanted.first + this.#wanted.end) / 2 / pageRows;
    while (this.#pages.size > keptPages) {
      const farthest = [...this.#pages.keys()].reduce((a, b) =>
        Math.abs(a - middle) >= Math.abs(b - middle) ? a : b
      );
      this.#pages.delete(farthest);
    }
  }
}
