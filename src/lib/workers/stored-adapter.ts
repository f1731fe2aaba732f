/** Adapters between memory and the store. */
import { strFromU8 } from 'fflate';
import type { NewAdapter } from '../datanets/store/adapter-records';
import type { AdapterRecord } from '../datanets/store/schema';
import type { NewProvenance, Store } from '../datanets/store/store';
import { sha256OfSource } from '../formats/digest';
import { TARGET_MODULES, writeAdapter, type Adapter, type OutputFile } from '../formats/peft';
import { placingOf } from '../formats/peft-config';
import { fromBytes } from '../formats/source';
import type { AdapterSummary } from './protocol';

/** What is kept beside an adapter that a run made. */
export interface AdapterOrigin {
  name: string;
  run?: string;
  baseSha256?: string;
  metrics?: Record<string, unknown>;
}

/** What is kept of an adapter beside its tensors. Throws what `writeAdapter` throws. */
export async function describeAdapter(adapter: Adapter, origin: AdapterOrigin): Promise<NewAdapter> {
  const [configFile, weights] = writeAdapter(adapter);
  const sha256 = await sha256OfSource(fromBytes(weights.name, weights.bytes));
  return {
    name: origin.name,
    base: adapter.config.baseModel,
    baseSha256: origin.baseSha256,
    config: JSON.parse(strFromU8(configFile.bytes)) as Record<string, unknown>,
    metrics: { ...origin.metrics, sha256, ...(origin.run === undefined ? {} : { run: origin.run }) }
  };
}

/** Keeps an adapter with what it comes with. Throws `StorageFullError` and what `writeAdapter` throws. */
export async function saveAdapter(
  store: Store,
  adapter: Adapter,
  origin: AdapterOrigin,
  companions?: NewProvenance
): Promise<AdapterRecord> {
  return store.addAdapter(await describeAdapter(adapter, origin), adapter.tensors, companions);
}

/** Reads an adapter back as it was saved. */
export async function loadAdapter(store: Store, id: string): Promise<Adapter> {
  const [{ config, baseSha256 }, tensors] = await Promise.all([store.adapter(id), store.adapterTensors(id)]);
  return {
    tensors,
    ...(baseSha256 === undefined ? {} : { trainedOn: baseSha256 }),
    config: {
      baseModel: String(config['base_model_name_or_path'] ?? ''),
      rank: Number(config['r']),
      alpha: Number(config['lora_alpha']),
      dropout: Number(config['lora_dropout'] ?? 0),
      ...placingOf((config['target_modules'] as string[] | undefined) ?? [], TARGET_MODULES),
      rsLora: config['use_rslora'] === true
    }
  };
}

/** `adapter_model.safetensors` as it is exported. */
export function weightsOf(adapter: Adapter): OutputFile {
  return writeAdapter(adapter).find(({ name }) => name === 'adapter_model.safetensors')!;
}

/** SHA-256, in hexadecimal, of `adapter_model.safetensors` as it is exported. */
export async function adapterSha256(store: Store, id: string): Promise<string> {
  const { name, bytes } = weightsOf(await loadAdapter(store, id));
  return sha256OfSource(fromBytes(name, bytes));
}

/** What the page shows of an adapter. */
export function summariseAdapter(record: AdapterRecord): AdapterSummary {
  const run = record.metrics['run'];
  return {
    id: record.id,
    name: record.name,
    created: record.created,
    modelName: record.base,
    rank: Number(record.config['r']),
    alpha: Number(record.config['lora_alpha']),
    bytes: record.bytes,
    ...(typeof run === 'string' ? { run } : {})
  };
}
