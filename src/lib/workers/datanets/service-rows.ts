/** Rows of drafts, proposals and versions, wherever they lie: one way to read them for views, checks and versions. */
import { cidOfDigest, rowContent } from '../../datanets/content/cid';
import type { StoredRow } from '../../datanets/content/rows-file';
import type { DatanetRow } from '../../datanets/datanet';
import type { RowContent } from '../../datanets/row';
import { BlockPacker, BlockReader } from '../../datanets/store/blocks';
import type { TableRef, VersionRecord } from '../../datanets/store/datanet-schema';
import { RowTable, type RowEntry, type RowMeta, type RowPlace } from '../../datanets/store/row-table';
import type { Store } from '../../datanets/store/store';
import { found } from '../../datanets/store/database';
import type { PaceOptions } from '../../datanets/pace';
import type { RowsRef } from './protocol';
import { receivedRows } from './service-bundles';

/** Some rows, as they stood when they were opened. `table` is for reading: whoever changes rows clones it. */
export interface OpenRows {
  ref: TableRef;
  /** Local id of the Datanet. */
  datanet: string;
  table: RowTable;
  /** Of a draft: the `rowsRevision` of the table. */
  seen: number;
  content(place: Pick<RowPlace, 'block' | 'slot'>): Promise<RowContent>;
  /** The content's canonical JSON in UTF-8, for reading. */
  bytes(place: Pick<RowPlace, 'block' | 'slot'>): Promise<Uint8Array>;
  /** The content's canonical JSON. */
  json(place: Pick<RowPlace, 'block' | 'slot'>): Promise<string>;
}

export class RowsAccess {
  readonly #store: Store;
  readonly #blocks: BlockReader;
  /** The draft read last. */
  #draft: { id: string; seen: number; table: RowTable } | undefined;
  /** The received version read last: sealed ones are nowhere readable but here. */
  #received: { cid: string; rows: OpenRows } | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#blocks = new BlockReader((id) => store.blocks.get(id));
  }

  /**
   * Rows of this browser. Whether those of a received version may be used is for the caller to ask before.
   * @param options for a received version, whose file is read whole at first
   * @throws NotStoredError, and what `receivedRows` throws
   */
  async open(ref: RowsRef, options: PaceOptions = {}): Promise<OpenRows> {
    switch (ref.of) {
      case 'draft':
        return this.#openDraft(ref.id);
      case 'proposal':
        return this.#openProposal(ref.contribution);
      case 'version':
        return this.openVersion(await this.#store.versions.byRoot(ref.root), options);
    }
  }

  async openVersion(version: VersionRecord, options: PaceOptions = {}): Promise<OpenRows> {
    const ref: TableRef = { of: 'version', name: version.cid };
    if (isOwn(version)) return this.#stored(ref, version.datanet, await this.#store.tables.get(ref));
    if (this.#received?.cid === version.cid) return this.#received.rows;
    this.#received = undefined;
    const rows = await inMemory(ref, version.datanet, receivedRows(this.#store, version, options));
    this.#received = { cid: version.cid, rows };
    return rows;
  }

  /** The rows of a draft as they were written: they need not be read again. Nobody changes `table` any more. */
  rememberDraft(id: string, seen: number, table: RowTable): void {
    this.#draft = { id, seen, table };
  }

  /** The rows of a received version, where they were read already. */
  opened(version: VersionRecord): OpenRows | undefined {
    return this.#received?.cid === version.cid ? this.#received.rows : undefined;
  }

  /** Rows with their words, by position in the table (default all), in that order. */
  async *stream(
    rows: OpenRows,
    positions?: Iterable<number>
  ): AsyncGenerator<{ entry: RowEntry; content: RowContent }> {
    for (const position of positions ?? rangeOf(rows.table.count)) {
      const entry = rows.table.at(position);
      yield { entry, content: await rows.content(entry) };
    }
  }

  /** Rows as they stand in a version, in order. */
  async *datanetRows(rows: OpenRows): AsyncGenerator<DatanetRow> {
    for await (const { entry, content } of this.stream(rows)) yield datanetRow(entry, content);
  }

  /**
   * The same for `writeRows`, with words and digests as they lie here.
   * @param positions in the table, default all
   * @param change of what is said of each
   */
  async *storedRows(
    rows: OpenRows,
    positions?: Iterable<number>,
    change: Partial<RowMeta> = {}
  ): AsyncGenerator<StoredRow> {
    for (const position of positions ?? rangeOf(rows.table.count)) {
      const entry = rows.table.at(position);
      yield {
        meta: versionMeta({ ...entry, ...change }),
        json: await rows.bytes(entry),
        digest: entry.digest
      };
    }
  }

  async #openProposal(contribution: string): Promise<OpenRows> {
    const ref: TableRef = { of: 'proposal', name: contribution };
    const datanet = found(await this.#store.tables.datanetOf(ref), 'proposal', contribution);
    return this.#stored(ref, datanet, await this.#store.tables.get(ref));
  }

  async #openDraft(id: string): Promise<OpenRows> {
    const { rowsRevision } = await this.#store.datanets.get(id);
    const ref: TableRef = { of: 'draft', name: id };
    if (this.#draft?.id !== id || this.#draft.seen !== rowsRevision) {
      this.#draft = { id, seen: rowsRevision, table: await this.#store.tables.get(ref) };
    }
    return { ...this.#stored(ref, id, this.#draft.table), seen: rowsRevision };
  }

  #stored(ref: TableRef, datanet: string, table: RowTable): OpenRows {
    return {
      ref,
      datanet,
      table,
      seen: 0,
      content: (place) => this.#blocks.content(place),
      bytes: (place) => this.#blocks.bytes(place),
      json: (place) => this.#blocks.json(place)
    };
  }
}

/** Whether a version was made here: its rows then lie in the store. */
export function isOwn(version: VersionRecord): boolean {
  return version.revision !== undefined;
}

/** A row as a version says it, without what it does not say. */
export function datanetRow(meta: RowMeta, content: RowContent): DatanetRow {
  return { ...rowContent(content), ...versionMeta(meta) };
}

function versionMeta(meta: RowMeta): StoredRow['meta'] {
  const { contributor, source, licence, contribution, tags, split, drafted } = meta;
  return {
    contributor,
    ...(source === undefined ? {} : { source }),
    ...(licence === undefined ? {} : { licence }),
    ...(contribution === undefined ? {} : { contribution }),
    ...(tags === undefined || tags.length === 0 ? {} : { tags: [...tags] }),
    ...(split === undefined ? {} : { split }),
    ...(drafted ? { drafted } : {})
  };
}

/** CID of a row's content. */
export function entryCid(entry: Pick<RowEntry, 'digest'>): string {
  return cidOfDigest(entry.digest);
}

/** Rows that lie in no store, as if they did. */
async function inMemory(
  ref: TableRef,
  datanet: string,
  incoming: AsyncIterable<DatanetRow>
): Promise<OpenRows> {
  const packer = new BlockPacker(datanet);
  const table = new RowTable();
  for await (const row of incoming) table.append(packer.add(row), row);
  const blocks = new Map(packer.takeAll().map((block) => [block.id, block]));
  const reader = new BlockReader((id) => Promise.resolve(found(blocks.get(id), 'block of rows', id)));
  return {
    ref,
    datanet,
    table,
    seen: 0,
    content: (place) => reader.content(place),
    bytes: (place) => reader.bytes(place),
    json: (place) => reader.json(place)
  };
}

function* rangeOf(count: number): Generator<number> {
  for (let i = 0; i < count; i += 1) yield i;
}
