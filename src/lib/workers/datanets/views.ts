/** Lists of rows: which ones a query asks for, and any stretch of them. */
import type { Finding } from '../../datanets/checks/finding';
import type { Contributor } from '../../datanets/datanet';
import { Pace, type PaceOptions } from '../../datanets/pace';
import { rowTexts, type RowContent } from '../../datanets/row';
import type { DatanetRecord } from '../../datanets/store/datanet-schema';
import type { RowEntry, RowTable } from '../../datanets/store/row-table';
import type { Store } from '../../datanets/store/store';
import { StoppedError, TabtuneError } from '../../errors';
import type { DatanetEvent, RowItem, RowQuery, RowsRef, RowView } from './protocol';
import { openShown, requirePermitted } from './service-access';
import { entryCid, type OpenRows, type RowsAccess } from './service-rows';

/** A view was asked for that newer ones took the place of. */
export class ViewEndedError extends TabtuneError {}

interface Shown {
  ref: RowsRef;
  rows: OpenRows;
  keys: Uint32Array;
  /** Rows of the newest version, where there is one to compare with. */
  head: RowTable | undefined;
  findings: ReadonlyMap<number, Finding[]>;
}

/** Views of the same rows that are kept: what is on the screen is still asked for while its successor comes. */
const keptViews = 2;

export class Views {
  readonly #store: Store;
  readonly #rows: RowsAccess;
  readonly #shown = new Map<string, Shown>();
  /** The search that goes on for some rows. */
  readonly #searches = new Map<string, AbortController>();

  constructor(store: Store, rows: RowsAccess) {
    this.#store = store;
    this.#rows = rows;
  }

  /** @throws StoppedError where a newer view of the same rows was asked for meanwhile */
  async view(ref: RowsRef, query: RowQuery, onEvent: (event: DatanetEvent) => void): Promise<RowView> {
    const name = JSON.stringify(ref);
    this.#searches.get(name)?.abort(new StoppedError('A newer search took its place.'));
    const search = new AbortController();
    this.#searches.set(name, search);
    try {
      const shown = await this.#find(ref, query, search.signal, onEvent);
      search.signal.throwIfAborted();
      const view = crypto.randomUUID();
      const same = [...this.#shown].filter(([, other]) => JSON.stringify(other.ref) === name);
      for (const [old] of same.slice(0, Math.max(0, same.length - keptViews + 1))) this.#shown.delete(old);
      this.#shown.set(view, shown);
      return { view, total: shown.keys.length };
    } finally {
      if (this.#searches.get(name) === search) this.#searches.delete(name);
    }
  }

  /** Rows of a view, as they stand now; a row that was removed meanwhile as it stood. @throws ViewEndedError */
  async items(view: string, from: number, count: number): Promise<RowItem[]> {
    const shown = this.#get(view);
    const now = await this.#now(shown);
    const keys = shown.keys.subarray(Math.max(0, from), Math.max(0, from + count));
    return Promise.all(
      Array.from(keys, (key) => {
        const index = now.table.indexOf(key);
        const entry = index >= 0 ? now.table.at(index) : shown.rows.table.at(shown.rows.table.indexOf(key));
        return itemOf(entry, now, shown);
      })
    );
  }

  keys(view: string): Uint32Array {
    return this.#get(view).keys.slice();
  }

  /** One row of a draft, as a list shows it: after a change to it. */
  async item(id: string, key: number): Promise<RowItem> {
    const rows = await this.#rows.open({ of: 'draft', id });
    const record = await this.#store.datanets.get(id);
    const report = await this.#store.tables.report(rows.ref);
    const findings = (report?.findings ?? []).filter((finding) => finding.row === key);
    return itemOf(rows.table.at(rows.table.indexOf(key)), rows, {
      head: await this.#head(rows, record),
      findings: new Map([[key, findings]])
    });
  }

  async #find(
    ref: RowsRef,
    query: RowQuery,
    signal: AbortSignal,
    onEvent: (event: DatanetEvent) => void
  ): Promise<Shown> {
    const rows = await openShown(this.#store, this.#rows, ref, {
      signal,
      onProgress: (done, total) => onEvent({ phase: 'opening', done, total })
    });
    const record = await this.#store.datanets.get(rows.datanet);
    const [head, report] = await Promise.all([this.#head(rows, record), this.#store.tables.report(rows.ref)]);
    const findings = byRow(report?.findings ?? []);
    const { status, finding, text, ...rest } = query;
    let positions = rows.table.select({ ...rest, ...(status === 'drafted' ? { drafted: true } : {}) });
    if (finding) {
      positions = positions.filter((position) =>
        findings.get(rows.table.key(position))?.some(({ check }) => check === finding)
      );
    }
    const options: PaceOptions = {
      signal,
      onProgress: (done, total) => onEvent({ phase: 'searching', done, total })
    };
    if (status === 'published' || status === 'new') {
      positions = await filter(positions, options, (position) => {
        return statusOf(rows.table.at(position), rows, head) === status;
      });
    }
    if (text !== undefined && text.trim() !== '') {
      const matches = textMatcher(text, rows, record.contributors);
      positions = await filter(positions, options, (position) => matches(rows.table.at(position)));
    }
    const keys = Uint32Array.from(positions, (position) => rows.table.key(position));
    return { ref, rows, keys, head, findings };
  }

  /** The table of an owner's newest version: what a row of the draft is compared with. */
  async #head(rows: OpenRows, record: DatanetRecord): Promise<RowTable | undefined> {
    if (rows.ref.of !== 'draft' || record.role !== 'owner' || record.head === undefined) return undefined;
    return this.#store.tables.get({ of: 'version', name: record.head });
  }

  /** Only drafts change; what was received may be shown no more. */
  async #now({ ref, rows }: Shown): Promise<OpenRows> {
    if (ref.of === 'draft') return this.#rows.open(ref);
    if (ref.of === 'version')
      await requirePermitted('display', this.#store, await this.#store.versions.byRoot(ref.root));
    return rows;
  }

  #get(view: string): Shown {
    const shown = this.#shown.get(view);
    if (shown) return shown;
    throw new ViewEndedError('This list of rows is out of date. Search again.', { details: { view } });
  }
}

async function itemOf(
  entry: RowEntry,
  rows: OpenRows,
  { head, findings }: Pick<Shown, 'head' | 'findings'>
): Promise<RowItem> {
  const { key, contributor, source, licence, contribution, tags, split, drafted, length } = entry;
  return {
    key,
    cid: entryCid(entry),
    content: await rows.content(entry),
    ...{ contributor, source, licence, contribution, tags: [...tags], split, drafted, length },
    status: statusOf(entry, rows, head),
    findings: findings.get(key) ?? []
  };
}

/** Whether a row is in the newest version as it is. A version takes the keys of its draft along. */
function statusOf(entry: RowEntry, rows: OpenRows, head: RowTable | undefined): 'published' | 'new' {
  if (rows.ref.of === 'version') return 'published';
  const index = head?.indexOf(entry.key) ?? -1;
  return head && index >= 0 && sameRow(head.at(index), entry) ? 'published' : 'new';
}

function sameRow(a: RowEntry, b: RowEntry): boolean {
  const said = ({ contributor, source, licence, contribution, tags, split, drafted }: RowEntry) =>
    JSON.stringify([contributor, source, licence, contribution, tags, split, drafted]);
  return a.digest.every((byte, i) => byte === b.digest[i]) && said(a) === said(b);
}

/** Looks for a text, whatever its case, in a row's words, its source, and its contributor's name. */
function textMatcher(
  text: string,
  rows: OpenRows,
  contributors: readonly Contributor[]
): (entry: RowEntry) => boolean | Promise<boolean> {
  const wanted = text.trim().toLowerCase();
  const names = new Map(contributors.map(({ id, name }) => [id, name]));
  const nameMatches = new Map<string, boolean>();
  const byName = (id: string) => {
    const known = nameMatches.get(id);
    if (known !== undefined) return known;
    const matches = [id, names.get(id) ?? ''].some((name) => name.toLowerCase().includes(wanted));
    nameMatches.set(id, matches);
    return matches;
  };
  // What is in the words is in their JSON, as JSON writes it; most rows need no parsing to be ruled out.
  const written = JSON.stringify(wanted).slice(1, -1);
  return async (entry) => {
    if (byName(entry.contributor) || entry.source?.toLowerCase().includes(wanted)) return true;
    const json = await rows.json(entry);
    if (!json.toLowerCase().includes(written)) return false;
    return textsOf(JSON.parse(json) as RowContent).some((part) => part.toLowerCase().includes(wanted));
  };
}

function textsOf(content: RowContent): string[] {
  return rowTexts(content).map(({ text }) => text);
}

/** The positions that a test holds for, in order, with pauses. */
async function filter(
  positions: Uint32Array,
  options: PaceOptions,
  test: (position: number) => boolean | Promise<boolean>
): Promise<Uint32Array> {
  const pace = new Pace(options);
  const kept = new Uint32Array(positions.length);
  let count = 0;
  for (const [done, position] of positions.entries()) {
    if (pace.due) await pace.breathe(done, positions.length);
    if (!(await test(position))) continue;
    kept[count] = position;
    count += 1;
  }
  pace.finish(positions.length);
  return kept.slice(0, count);
}

function byRow(findings: readonly Finding[]): Map<number, Finding[]> {
  const grouped = new Map<number, Finding[]>();
  for (const finding of findings) {
    const group = grouped.get(finding.row);
    if (group) group.push(finding);
    else grouped.set(finding.row, [finding]);
  }
  return grouped;
}
