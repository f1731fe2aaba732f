import { z } from 'zod';
import { AmbiguousCheckpointError, MissingShardError, MissingTensorError } from './checkpoint-errors';
import { openSafetensors, type SafetensorsFile, type TensorEntry } from './safetensors';
import { baseName, InvalidJsonError, readJson, type ByteSource } from './source';

/** A tensor together with the file it lies in. */
export interface Placed {
  readonly source: ByteSource;
  readonly entry: TensorEntry;
}

const INDEX = 'model.safetensors.index.json';
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });
/** Hugging Face's naming of parts. */
const PART = /^(.*)-(\d{5})-of-(\d{5})\.safetensors$/;

/**
 * The weight files of a Hugging Face folder: those that the index names, else model.safetensors, else every part.
 * Other safetensors in the folder (an adapter, another layout of the same model) are left alone.
 * @throws MissingShardError naming the parts that are absent.
 */
export async function weightFiles(files: readonly ByteSource[], signal?: AbortSignal): Promise<ByteSource[]> {
  const byName = new Map(files.map((file) => [baseName(file), file]));
  const index = byName.get(INDEX);
  if (index) {
    const names = [...new Set(Object.values(await readIndex(index, signal)))].sort();
    return pick(names, byName, index.name);
  }
  const whole = byName.get('model.safetensors');
  if (whole) return [whole];
  const parts = [...byName.keys()].filter((name) => PART.test(name)).sort();
  if (parts.length > 0) {
    const [, stem, , total] = PART.exec(parts[0])!;
    // Capped: a name may claim 99,999 parts.
    const count = Math.min(Number(total), 10_000);
    const name = (i: number) => `${stem}-${String(i + 1).padStart(5, '0')}-of-${total}.safetensors`;
    return pick(
      Array.from({ length: count }, (_, i) => name(i)),
      byName,
      parts[0]
    );
  }
  const others = [...byName.values()].filter((file) => isModelWeights(baseName(file)));
  if (others.length === 1) return others;
  if (others.length > 1) {
    throw new AmbiguousCheckpointError(
      `${others.map(baseName).join(', ')}: which of these is the model is not clear. Keep one, or add ${INDEX}.`,
      { details: { files: others.map(baseName) } }
    );
  }
  throw noWeights(files);
}

/**
 * Opens the weight files and lists their tensors by name.
 * @throws AmbiguousCheckpointError when two files hold a tensor of one name.
 * @throws MissingTensorError when the index promises a tensor that its file does not hold.
 */
export async function openShards(
  files: readonly ByteSource[],
  signal?: AbortSignal
): Promise<{ tensors: Map<string, Placed>; shards: SafetensorsFile[] }> {
  const sources = await weightFiles(files, signal);
  const shards = await Promise.all(sources.map((source) => openSafetensors(source, signal)));
  const tensors = new Map<string, Placed>();
  for (const { source, tensors: entries } of shards) {
    for (const [name, entry] of entries) {
      const other = tensors.get(name);
      if (other) {
        throw new AmbiguousCheckpointError(
          `Tensor ${name} is both in ${other.source.name} and in ${source.name}. Download the model again.`,
          { details: { tensor: name, files: [other.source.name, source.name] } }
        );
      }
      tensors.set(name, { source, entry });
    }
  }
  const index = files.find((file) => baseName(file) === INDEX);
  if (index) {
    for (const [name, shard] of Object.entries(await readIndex(index, signal))) {
      const placed = tensors.get(name);
      if (!placed || baseName(placed.source) !== shard) throw new MissingTensorError(name, shard);
    }
  }
  return { tensors, shards };
}

async function readIndex(index: ByteSource, signal?: AbortSignal): Promise<Record<string, string>> {
  const parsed = indexSchema.safeParse(await readJson(index, signal));
  if (!parsed.success) {
    throw new InvalidJsonError(
      `${index.name} has no weight_map from tensor to file. Copy or download it again.`,
      { cause: parsed.error, details: { file: index.name } }
    );
  }
  return parsed.data.weight_map;
}

function pick(names: string[], byName: ReadonlyMap<string, ByteSource>, promisedBy: string): ByteSource[] {
  const missing = names.filter((name) => !byName.has(name));
  if (missing.length > 0) {
    throw new MissingShardError(
      `${missing.length} of ${names.length} weight files are missing: ${missing.slice(0, 5).join(', ')}` +
        `${missing.length > 5 ? ', …' : ''} (named by ${promisedBy}). Add them to the folder, or download the model whole.`,
      { details: { missing, file: promisedBy } }
    );
  }
  return names.map((name) => byName.get(name)!);
}

function isModelWeights(name: string): boolean {
  return name.endsWith('.safetensors') && !/^(adapter|consolidated)/.test(name);
}

function noWeights(files: readonly ByteSource[]): MissingShardError {
  const names = files.map(baseName);
  const pickled = names.find((name) => /^pytorch_model.*\.bin$/.test(name));
  if (pickled) {
    return new MissingShardError(
      `The weights are in ${pickled}, a format that can run code and is not read. ` +
        'Choose a version of the model with .safetensors files.',
      { details: { files: names } }
    );
  }
  return new MissingShardError(
    'There are no weights among the files. Add model.safetensors (or its parts and index), or choose one .gguf file.',
    { details: { files: names } }
  );
}
