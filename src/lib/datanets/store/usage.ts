/** What takes room in the database: every record is counted for what it goes with when that is deleted. */
import type { Database, Name } from './database';

export interface Usage {
  kind: 'Datanet' | 'set of rows' | 'adapter' | 'run' | 'other';
  /** Of this browser; empty for what goes with nothing. */
  id: string;
  name: string;
  /** About how much: keys and what the browser adds are not counted. */
  bytes: number;
}

/** Which kind of thing the records of a store go with, and which of their fields says with which. */
const owners: Partial<Record<Name, { kind: Usage['kind']; field: string }>> = {
  rowSets: { kind: 'set of rows', field: 'id' },
  rowChunks: { kind: 'set of rows', field: 'set' },
  adapters: { kind: 'adapter', field: 'id' },
  adapterTensors: { kind: 'adapter', field: 'adapter' },
  provenance: { kind: 'adapter', field: 'adapter' },
  runs: { kind: 'run', field: 'id' },
  checkpoints: { kind: 'run', field: 'run' },
  moments: { kind: 'run', field: 'run' },
  sketches: { kind: 'run', field: 'run' },
  attributions: { kind: 'run', field: 'run' },
  datanets: { kind: 'Datanet', field: 'id' },
  blocks: { kind: 'Datanet', field: 'datanet' },
  tables: { kind: 'Datanet', field: 'datanet' },
  versions: { kind: 'Datanet', field: 'datanet' },
  bundles: { kind: 'Datanet', field: 'datanet' },
  reports: { kind: 'Datanet', field: 'datanet' }
};

/** Stores whose records go with something. */
export const countedStores = Object.keys(owners) as readonly Name[];

/** Reads every record, one at a time. */
export async function readUsage(db: Database): Promise<Usage[]> {
  const found = new Map<string, Usage>();
  await db.read('what is kept', async (idb) => {
    for (const store of idb.objectStoreNames) {
      const owner = owners[store];
      let cursor = await idb.transaction(store).store.openCursor();
      for (; cursor; cursor = await cursor.continue()) {
        const record = cursor.value as unknown as Record<string, unknown>;
        const kind = owner?.kind ?? 'other';
        const id = owner ? String(record[owner.field]) : '';
        const usage = found.get(`${kind} ${id}`) ?? { kind, id, name: '', bytes: 0 };
        usage.bytes += sizeOf(record);
        usage.name ||= nameOf(record) ?? '';
        found.set(`${kind} ${id}`, usage);
      }
    }
  });
  return [...found.values()];
}

function nameOf({ name, facts }: Record<string, unknown>): string | undefined {
  if (typeof name === 'string') return name;
  return (facts as { name?: string } | undefined)?.name;
}

/** Bytes of a value that structured clone can hold. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (value instanceof Blob) return value.size;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength;
  return Object.entries(value).reduce((sum, [key, part]) => sum + key.length + sizeOf(part), 0);
}
