/** Goldens of whole models (tests/goldens/models), opened as the product opens a model. */
import { openCheckpoint, type Checkpoint } from '../../src/lib/formats/checkpoint';
import { readAdapter, type Adapter } from '../../src/lib/formats/peft';
import { openSafetensors, streamF32 } from '../../src/lib/formats/safetensors';
import { fromBytes, type ByteSource } from '../../src/lib/formats/source';
import type { TrainingRow } from '../../src/lib/gpu/train/batch';
import { readBytes, readJson } from './files';

const root = 'tests/goldens/models';

/** Batches as the reference script wrote them: right-padded, labels of -100 where nothing is trained. */
export interface GoldenBatch {
  input_ids: number[][];
  attention_mask: number[][];
  labels: number[][];
}

export async function goldenSource(path: string): Promise<ByteSource> {
  return fromBytes(path.split('/').at(-1)!, await readBytes(`${root}/${path}`));
}

export async function goldenCheckpoint(name: string): Promise<Checkpoint> {
  const files = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
  return openCheckpoint(await Promise.all(files.map((f) => goldenSource(`${name}/${f}`))), { name });
}

export async function goldenAdapter(folder: string): Promise<Adapter> {
  return readAdapter(
    await Promise.all(
      ['adapter_config.json', 'adapter_model.safetensors'].map((f) => goldenSource(`${folder}/adapter/${f}`))
    )
  );
}

export function goldenJson<T>(path: string): Promise<T> {
  return readJson<T>(`${root}/${path}`);
}

/** All tensors of a safetensors file. */
export async function goldenTensors(
  path: string
): Promise<Map<string, { shape: readonly number[]; data: Float32Array }>> {
  const source = await goldenSource(path);
  const file = await openSafetensors(source);
  const out = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, entry] of file.tensors) {
    const data = new Float32Array(entry.shape.reduce((a, b) => a * b, 1));
    let at = 0;
    for await (const chunk of streamF32(source, entry)) {
      data.set(chunk, at);
      at += chunk.length;
    }
    out.set(name, { shape: entry.shape, data });
  }
  return out;
}

/** A padded batch as rows without padding. */
export function trainingRows(batch: GoldenBatch): TrainingRow[] {
  return batch.input_ids.map((ids, r) => {
    const length = batch.attention_mask[r].reduce((a, b) => a + b, 0);
    return {
      tokens: Uint32Array.from(ids.slice(0, length)),
      trained: Uint8Array.from(batch.labels[r].slice(0, length), (label) => (label === -100 ? 0 : 1))
    };
  });
}
