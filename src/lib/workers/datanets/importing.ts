/** Rows of a file, of pasted text or of the hub on their way into a draft. */
import { NotCanonicalError } from '../../datanets/canonical';
import type { Contributor, DatanetRow } from '../../datanets/datanet';
import { rowContent } from '../../datanets/content/cid';
import { readDatanetRow } from '../../datanets/content/row-schema';
import type {
  ImportBatch,
  ImportedRow,
  ImportInput,
  ImportMapping,
  ImportProblem
} from '../../datanets/import/import';
import { openImport } from '../../datanets/import/open';
import { Pace } from '../../datanets/pace';
import { StagedRows } from '../../datanets/store/staging';
import type { Store } from '../../datanets/store/store';
import type { Person } from '../../datanets/trust/statements';
import { requireWritable, type Drafts } from './drafts';
import type { DatanetEvent, ImportReport } from './protocol';

/** Problems that are kept to be shown. All are counted. */
const keptProblems = 200;

export class Importing {
  readonly #store: Store;
  readonly #drafts: Drafts;
  readonly #locks: LockManager | undefined;

  /** @param locks tell other tabs that an import is alive */
  constructor(store: Store, drafts: Drafts, locks: LockManager | undefined) {
    this.#store = store;
    this.#drafts = drafts;
    this.#locks = locks;
  }

  /**
   * Adds all rows of `input` to a draft, or none: cancelled, failed or cut off, the draft is as it was.
   * @param by whose the rows are that name nobody
   * @throws StorageFullError, the abort reason, or what the input throws
   */
  async importInto(
    id: string,
    input: ImportInput,
    mapping: ImportMapping,
    by: Person,
    signal: AbortSignal,
    onEvent: (event: DatanetEvent) => void
  ): Promise<ImportReport> {
    const record = await this.#store.datanets.get(id);
    requireWritable(record);
    const name = nameOf(input);
    const what = `the rows of "${name}"`;
    const staged = await StagedRows.begin(this.#store, id, what, this.#locks);
    try {
      const report: ImportReport = { rows: 0, problems: [], problemCount: 0 };
      const pace = new Pace({ signal });
      for await (const batch of openImport(input, mapping, { signal })) {
        const problems = [...batch.problems];
        for (const imported of batch.rows) {
          const problem = stage(staged, imported, by, record.facts.licence.spdx);
          if (problem) problems.push(problem);
          if (pace.due) await pace.breathe(staged.table.count, staged.table.count);
        }
        await staged.flush();
        report.problemCount += problems.length;
        report.problems.push(...problems.slice(0, keptProblems - report.problems.length));
        onEvent(eventOf(name, batch, staged.table.count, report.problemCount));
      }
      signal.throwIfAborted();
      report.rows = staged.table.count;
      await this.#commit(id, staged, by, what);
      return report;
    } catch (error) {
      // What went wrong matters more than that the space could not be cleared: the next start clears it.
      await staged.drop().catch(() => undefined);
      throw error;
    }
  }

  async #commit(id: string, staged: StagedRows, by: Person, what: string): Promise<void> {
    if (staged.table.count === 0) return staged.drop();
    await this.#drafts.addStaged(id, staged, [...newContributors(staged, by)], what);
    staged.done();
  }
}

/** Stages a row. @returns why it is none, where it is none */
function stage(
  staged: StagedRows,
  imported: ImportedRow,
  by: Person,
  licence: string
): ImportProblem | undefined {
  const row = completeRow(imported, by, licence);
  const checked = readDatanetRow(row);
  let reason = 'problem' in checked ? checked.problem : undefined;
  if (reason === undefined) {
    try {
      staged.add(row, row);
      return undefined;
    } catch (error) {
      if (!(error instanceof NotCanonicalError)) throw error;
      reason = 'its text holds half of a character';
    }
  }
  return {
    where: `row ${staged.table.count + 1}`,
    reason,
    excerpt: JSON.stringify(rowContent(row)).slice(0, 200)
  };
}

/** What a row that was brought does not say is what is so of the import and of the Datanet. */
function completeRow(row: ImportedRow, by: Person, licence: string): DatanetRow {
  const { source, tags, split, drafted } = row;
  return {
    ...rowContent(row),
    contributor: row.contributor ?? by.id,
    ...(source === undefined ? {} : { source }),
    // The Datanet's own licence needs no saying.
    ...(row.licence === undefined || row.licence === licence ? {} : { licence: row.licence }),
    ...(tags === undefined || tags.length === 0 ? {} : { tags: [...new Set(tags)] }),
    ...(split === undefined ? {} : { split }),
    ...(drafted ? { drafted } : {})
  };
}

function* newContributors(staged: StagedRows, by: Person): Generator<Contributor> {
  for (const id of staged.table.contributors().keys()) {
    yield { id, name: id === by.id ? by.name : id };
  }
}

function eventOf(file: string, batch: ImportBatch, rows: number, problems: number): DatanetEvent {
  const total = batch.total === undefined ? {} : { total: batch.total };
  return { phase: 'reading', file, done: batch.done, ...total, rows, problems };
}

function nameOf(input: ImportInput): string {
  switch (input.kind) {
    case 'file':
      return input.file.name;
    case 'text':
      return 'Pasted text';
    case 'hub':
      return input.id;
  }
}
