/** Sets of rows with what belongs to them: rows kept apart, and who contributed. */
import { rowsSha256 } from '../datanets/canonical';
import type { ParsedRows } from '../datanets/parse';
import { isChatRow, type Row } from '../datanets/row';
import type { RowSetRecord } from '../datanets/store/schema';
import type { Store } from '../datanets/store/store';
import type { RowSetSummary } from './protocol';

interface RowSetExtras {
  heldOut: Row[];
  contributors: number;
}

const key = (id: string) => `rowSet ${id}`;

/**
 * Keeps parsed rows, and rows to measure with that are never trained on. The same file brought again is the set that
 * is there already.
 */
export async function addRowSet(store: Store, parsed: ParsedRows, heldOut: Row[]): Promise<RowSetRecord> {
  const { sha256 } = rowsSha256(parsed.rows);
  const same = (await store.rowSets()).find(
    (set) => set.sha256 === sha256 && set.name === parsed.name && set.problemCount === parsed.problemCount
  );
  if (same) return same;
  const set = await store.addRowSet(parsed);
  const contributors = new Set(parsed.rows.flatMap((row) => row.contributor ?? [])).size;
  await store.setSetting(key(set.id), { heldOut, contributors } satisfies RowSetExtras);
  return set;
}

export async function deleteRowSet(store: Store, id: string): Promise<void> {
  await store.deleteRowSet(id);
  await store.setSetting(key(id), undefined);
}

/** The rows of a set that are not trained on; none for most sets. */
export async function heldOutRows(store: Store, id: string): Promise<Row[]> {
  return (await store.setting<RowSetExtras>(key(id)))?.heldOut ?? [];
}

/** What the page shows of a set. */
export async function summariseRowSet(store: Store, record: RowSetRecord): Promise<RowSetSummary> {
  const extras = await store.setting<RowSetExtras>(key(record.id));
  return {
    id: record.id,
    name: record.name,
    created: record.created,
    format: record.format,
    rows: record.count,
    heldOut: extras?.heldOut.length ?? 0,
    contributors: extras?.contributors ?? 0,
    problemCount: record.problemCount
  };
}

/** First questions of conversations, spread over the held-out rows, or else over the first rows of the set. */
export async function questionsOf(store: Store, id: string, count: number): Promise<string[]> {
  const heldOut = await heldOutRows(store, id);
  const rows = heldOut.length > 0 ? heldOut : await store.rows(id, 0, 50);
  const questions = rows.flatMap((row) => {
    const question = isChatRow(row)
      ? row.messages.find((message) => message.role === 'user')?.content
      : undefined;
    return question && question.length <= 160 ? [question] : [];
  });
  // Neighbours are often the same question in other words.
  const distinct = [...new Set(questions)];
  const stride = Math.max(1, Math.floor(distinct.length / count));
  return distinct.filter((_, index) => index % stride === 0).slice(0, count);
}
