/** Adapters as they lie in the database. */
import type { WriteTransaction } from './database';
import type { AdapterRecord, StoredTensor } from './schema';

/** Tensors under their PEFT keys, f32. */
export type Tensors = ReadonlyMap<string, { shape: readonly [number, number]; data: Float32Array }>;

/** What is said of an adapter that is to be kept. */
export type NewAdapter = Pick<AdapterRecord, 'name' | 'base' | 'baseSha256' | 'config' | 'metrics'>;

/** An adapter as it is stored: what is said of it, and its tensors. */
export interface MadeAdapter {
  record: AdapterRecord;
  tensors: Record<string, StoredTensor>;
}

/** An adapter under an id of its own. Nothing is written yet. */
export function newAdapter(adapter: NewAdapter, given: Tensors): MadeAdapter {
  const tensors = storeTensors(given);
  const bytes = Object.values(tensors).reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
  return { record: { ...adapter, id: crypto.randomUUID(), created: Date.now(), bytes }, tensors };
}

/** Writes it, within a transaction over `adapters` and `adapterTensors`. */
export async function putAdapter(
  transaction: WriteTransaction,
  { record, tensors }: MadeAdapter
): Promise<void> {
  await transaction.objectStore('adapters').add(record);
  await transaction.objectStore('adapterTensors').add({ adapter: record.id, tensors });
}

/** Tensors as they are stored: each with a buffer of its own, whatever it was a view of. */
export function storeTensors(tensors: Tensors): Record<string, StoredTensor> {
  return Object.fromEntries(
    Array.from(tensors, ([key, { shape, data }]) => [
      key,
      { shape: [shape[0], shape[1]], data: data.slice().buffer } satisfies StoredTensor
    ])
  );
}

/** The reverse of `storeTensors`. */
export function loadTensors(
  stored: Record<string, StoredTensor>
): Map<string, { shape: [number, number]; data: Float32Array }> {
  return new Map(
    Object.entries(stored).map(([key, { shape, data }]) => [key, { shape, data: new Float32Array(data) }])
  );
}
