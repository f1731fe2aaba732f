/** Sets of rows with what belongs to them: rows kept apart, and who contributed. */
import { rowsSha256 } from '../datanets/canonical';
import type { ParsedRows } from '../datanets/parse';
import type { Row } from '../datanets/row';
import type { RowSetRecord } from '../datanets/store/schema';
import type { Store } from '../datanets/store/store';
import type { RowSetSummary } from './protocol';

/** What earlier pages kept of a set beside its record. */
interface RowSetExtras {
  /** Only sets from before the starter rows were a Datanet have some. */
  heldOut?: Row[];
  contributors: number;
}

const key = (id: string) => `rowSet ${id}`;

/** Keeps parsed rows. The same file brought again is the set that is there already. */
export async function addRowSet(store: Store, parsed: ParsedRows): Promise<RowSetRecord> {
  const { sha256 } = rowsSha256(parsed.rows);
  const same = (await store.rowSets()).find(
    (set) => set.sha256 === sha256 && set.name === parsed.name && set.problemCount === parsed.problemCount
  );
  return same ?? store.addRowSet(parsed);
}

export async function deleteRowSet(store: Store, id: string): Promise<void> {
  await store.deleteRowSet(id, key(id));
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
    heldOut: extras?.heldOut?.length ?? 0,
    contributors: record.contributors ?? extras?.contributors ?? 0,
    problemCount: record.problemCount
  };
}
