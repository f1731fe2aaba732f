/** Datanets that are written here, and every change to their rows. */
import type { Contributor, DatanetFacts, DatanetRow, Split } from '../../datanets/datanet';
import { rowContent } from '../../datanets/content/cid';
import { readDatanetRow } from '../../datanets/content/row-schema';
import { defaultPolicy } from '../../datanets/policy/combine';
import { Pace } from '../../datanets/pace';
import type { Policy } from '../../datanets/policy/policy';
import type { RowContent } from '../../datanets/row';
import { BlockPacker } from '../../datanets/store/blocks';
import type { DatanetRecord } from '../../datanets/store/datanet-schema';
import { StaleRowsError, type DatanetChange } from '../../datanets/store/datanet-store';
import type { RowEntry, RowMeta, RowTable } from '../../datanets/store/row-table';
import type { StagedRows } from '../../datanets/store/staging';
import type { Store } from '../../datanets/store/store';
import type { Person } from '../../datanets/trust/statements';
import { TabtuneError } from '../../errors';
import type { RowChange } from './protocol';
import { datanetRow, type RowsAccess } from './service-rows';

/** Rows of somebody else's version cannot be edited. */
export class ReadOnlyDatanetError extends TabtuneError {}

/** A row holds something that no version could hold. */
export class InvalidRowError extends TabtuneError {}

/** A row was asked for that the draft does not have. */
export class NoSuchRowError extends TabtuneError {}

/** A draft while it is being changed. */
export interface Edit {
  /** A copy: nothing happens to the draft before all of it does. */
  table: RowTable;
  packer: BlockPacker;
  /** Keys of rows whose words change. Removed rows are noticed by themselves. */
  stale: Set<number>;
}

/** What happens together with an edit. */
export interface EditBeside extends Pick<DatanetChange, 'blocks' | 'imported' | 'statements'> {
  /** Who is to be among the contributors. */
  contributors?: Contributor[];
}

/** How often a change is made anew because another tab was faster. */
const attempts = 4;

export class Drafts {
  readonly #store: Store;
  readonly #rows: RowsAccess;

  constructor(store: Store, rows: RowsAccess) {
    this.#store = store;
    this.#rows = rows;
  }

  async create(facts: DatanetFacts, owner: Person): Promise<DatanetRecord> {
    const id = crypto.randomUUID();
    const now = Date.now();
    const record: DatanetRecord = {
      ...{ id, datanet: id, role: 'owner', facts, policy: defaultPolicy(), contributors: [], owner },
      ...{ created: now, updated: now, revision: 0, rowsRevision: 0, rows: 0 }
    };
    return this.#store.datanets.commit(id, `the Datanet "${facts.name}"`, { create: record });
  }

  async describe(id: string, facts: DatanetFacts): Promise<void> {
    await this.#store.datanets.commit(id, 'what the Datanet says of itself', { update: { facts } });
  }

  async setPolicy(id: string, policy: Policy): Promise<void> {
    await this.#store.datanets.commit(id, 'the rules of the Datanet', { update: { policy } });
  }

  /** Adds a row at the end. @returns its key */
  async addRow(
    id: string,
    content: RowContent,
    change: RowChange & { drafted?: boolean },
    by: Person
  ): Promise<number> {
    const row: DatanetRow = {
      ...rowContent(content),
      contributor: by.id,
      ...metaOf(change),
      ...(change.drafted ? { drafted: true } : {})
    };
    requireRow(row);
    return this.edit(id, 'the row', ({ table, packer }) => table.append(packer.add(row), row), {
      contributors: [by]
    });
  }

  /** Adds rows that were staged, at the end. */
  async addStaged(id: string, staged: StagedRows, contributors: Contributor[], what: string): Promise<void> {
    const also = { blocks: staged.rest(), imported: staged.id, contributors };
    await this.edit(id, what, ({ table }) => table.appendTable(staged.table), also);
  }

  async changeRow(id: string, key: number, change: RowChange): Promise<void> {
    await this.edit(id, 'the row', async ({ table, packer, stale }) => {
      const { entry, index } = entryOf(table, key);
      const content = change.content ?? (await (await this.#rows.open({ of: 'draft', id })).content(entry));
      const meta: RowMeta = { ...entry, ...metaOf(change), split: splitOf(change, entry) };
      requireRow(datanetRow(meta, content));
      if (change.content) stale.add(key);
      table.update(index, change.content ? packer.add(change.content) : entry, meta);
    });
  }

  async removeRows(id: string, keys: Iterable<number>): Promise<void> {
    const gone = new Set(keys);
    await this.edit(id, 'the removal of rows', ({ table, stale }) => {
      table.remove(gone);
      for (const key of gone) stale.add(key);
    });
  }

  async tagRows(id: string, keys: readonly number[], add: string[], remove: string[]): Promise<void> {
    const gone = new Set(remove);
    await this.#editEach(id, 'the tags', keys, (entry) => {
      const tags = [...new Set([...entry.tags.filter((tag) => !gone.has(tag)), ...add])];
      return { ...entry, tags };
    });
  }

  /** Says of rows, by key, what they are for. Others stay. */
  async setSplits(id: string, splits: ReadonlyMap<number, Split>): Promise<void> {
    await this.#editEach(id, 'the splits', [...splits.keys()], (entry) => ({
      ...entry,
      split: splits.get(entry.key)
    }));
  }

  /** Says something else of each of some rows, whose words stay. Rows that are gone are passed over. */
  async #editEach(
    id: string,
    what: string,
    keys: readonly number[],
    change: (entry: RowEntry) => RowMeta
  ): Promise<void> {
    await this.edit(id, what, async ({ table }) => {
      const pace = new Pace();
      for (const [done, key] of keys.entries()) {
        const index = table.indexOf(key);
        if (index < 0) continue;
        const entry = table.at(index);
        const meta = change(entry);
        requireRow(datanetRow(meta, { text: '' }));
        table.update(index, entry, meta);
        if (pace.due) await pace.breathe(done, keys.length);
      }
    });
  }

  /**
   * Changes the rows of a draft: all that `work` does, or nothing. Made anew where another tab changed them meanwhile,
   * so `work` may run more than once.
   * @param what for messages
   * @param also what happens in the same transaction
   * @throws ReadOnlyDatanetError, StaleRowsError, StorageFullError
   */
  async edit<T>(
    id: string,
    what: string,
    work: (edit: Edit) => Promise<T> | T,
    also: EditBeside = {}
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      // Rows first: where another tab writes in between, the record is newer than the rows, and the commit is refused.
      const rows = await this.#rows.open({ of: 'draft', id });
      const record = await this.#store.datanets.get(id);
      requireWritable(record);
      const edit: Edit = {
        table: rows.table.clone(),
        packer: new BlockPacker(id),
        stale: new Set()
      };
      const result = await work(edit);
      try {
        const { rowsRevision } = await this.#store.datanets.commit(id, what, {
          draft: { table: edit.table, seen: rows.seen, stale: edit.stale },
          blocks: [...(also.blocks ?? []), ...edit.packer.takeAll()],
          ...(also.imported === undefined ? {} : { imported: also.imported }),
          ...(also.statements ? { statements: also.statements } : {}),
          update: { contributors: withContributors(record.contributors, also.contributors ?? []) }
        });
        this.#rows.rememberDraft(id, rowsRevision, edit.table);
        return result;
      } catch (error) {
        if (!(error instanceof StaleRowsError) || attempt === attempts) throw error;
      }
    }
  }
}

/** @throws ReadOnlyDatanetError for a reader's */
export function requireWritable(record: DatanetRecord): void {
  if (record.role !== 'reader') return;
  throw new ReadOnlyDatanetError(
    `The rows of "${record.facts.name}" belong to ${record.owner.name}. Ask for an invitation to add some of your own.`,
    { details: { datanet: record.id } }
  );
}

/** Contributors with those who are new, by id. A name that changed is the newer one. */
export function withContributors(known: Contributor[], more: Iterable<Contributor>): Contributor[] {
  const all = new Map(known.map((contributor) => [contributor.id, contributor]));
  for (const { id, name, role } of more) {
    all.set(id, { ...all.get(id), id, name, ...(role === undefined ? {} : { role }) });
  }
  return [...all.values()];
}

/** @throws InvalidRowError for what no version could hold */
export function requireRow(row: DatanetRow): void {
  const result = readDatanetRow(row);
  if (!('problem' in result)) return;
  throw new InvalidRowError(`This row cannot be kept: ${result.problem}. Change that and try again.`, {
    details: { problem: result.problem }
  });
}

function entryOf(table: RowTable, key: number): { entry: RowEntry; index: number } {
  const index = table.indexOf(key);
  if (index >= 0) return { entry: table.at(index), index };
  throw new NoSuchRowError('This row is not in the draft any more: it was removed, here or in another tab.', {
    details: { key }
  });
}

function metaOf(change: RowChange): Partial<Pick<DatanetRow, 'source' | 'tags' | 'split'>> {
  return {
    // An empty source says nothing.
    ...(change.source === undefined ? {} : { source: change.source === '' ? undefined : change.source }),
    ...(change.tags === undefined ? {} : { tags: [...new Set(change.tags)] }),
    ...(change.split ? { split: change.split } : {})
  };
}

function splitOf(change: RowChange, entry: RowEntry): Split | undefined {
  return change.split === undefined ? entry.split : (change.split ?? undefined);
}
