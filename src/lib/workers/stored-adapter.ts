/** Adapters between memory, the store, and files for the person's disk. */
import { strFromU8, unzipSync, zipSync } from 'fflate';
import type { AdapterRecord } from '../datanets/store/schema';
import type { Store } from '../datanets/store/store';
import { TabtuneError } from '../errors';
import { sha256OfSource } from '../formats/digest';
import {
  InvalidAdapterError,
  readAdapter,
  writeAdapter,
  type Adapter,
  type OutputFile
} from '../formats/peft';
import { baseName, fromBlob, fromBytes, type ByteSource } from '../formats/source';
import type { AdapterSummary } from './protocol';

/** What is kept beside an adapter that a run made. */
export interface AdapterOrigin {
  name: string;
  run?: string;
  baseSha256?: string;
  metrics?: Record<string, unknown>;
}

/** A zip that is damaged or not one. */
export class ZipError extends TabtuneError {}

/** A zip of an adapter may unpack to this much: far more than any adapter for a browser, far less than memory. */
const maxUnpackedBytes = 2 * 2 ** 30;

/** Keeps an adapter. Throws `StorageFullError` and what `writeAdapter` throws. */
export async function saveAdapter(
  store: Store,
  adapter: Adapter,
  origin: AdapterOrigin
): Promise<AdapterRecord> {
  const [configFile, weights] = writeAdapter(adapter);
  const sha256 = await sha256OfSource(fromBytes(weights.name, weights.bytes));
  return store.addAdapter(
    {
      name: origin.name,
      base: adapter.config.baseModel,
      baseSha256: origin.baseSha256,
      config: JSON.parse(strFromU8(configFile.bytes)) as Record<string, unknown>,
      metrics: { ...origin.metrics, sha256, ...(origin.run === undefined ? {} : { run: origin.run }) }
    },
    adapter.tensors
  );
}

/** Reads an adapter back as it was saved. */
export async function loadAdapter(store: Store, id: string): Promise<Adapter> {
  const [{ config }, tensors] = await Promise.all([store.adapter(id), store.adapterTensors(id)]);
  return {
    tensors,
    config: {
      baseModel: String(config['base_model_name_or_path'] ?? ''),
      rank: Number(config['r']),
      alpha: Number(config['lora_alpha']),
      dropout: Number(config['lora_dropout'] ?? 0),
      targetModules: (config['target_modules'] as string[] | undefined) ?? [],
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

/** The PEFT files of an adapter, and `run.json` where `run` is given, as one zip. */
export function zipAdapter(adapter: Adapter, run?: unknown): Blob {
  const files = writeAdapter(adapter).map(({ name, bytes }) => [name, bytes] as const);
  const runFile = run === undefined ? [] : [['run.json', new TextEncoder().encode(jsonText(run))] as const];
  // Trained weights do not shrink: stored as they are, the zip is there at once.
  const bytes = zipSync(Object.fromEntries([...files, ...runFile]), { level: 0 });
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/zip' });
}

/**
 * Reads an adapter from its two files, or from one zip with them.
 * @throws ZipError, InvalidAdapterError and what `readAdapter` throws
 */
export async function readAdapterFiles(files: readonly File[]): Promise<Adapter> {
  const zip = files.find((file) => file.name.toLowerCase().endsWith('.zip'));
  const sources = zip ? await unzip(zip) : files.map((file) => fromBlob(file));
  if (sources.length === 0) {
    throw new InvalidAdapterError(
      'There is no adapter among these files. Choose adapter_config.json and adapter_model.safetensors together.'
    );
  }
  return readAdapter(sources);
}

async function unzip(file: File): Promise<ByteSource[]> {
  let unpacked = 0;
  try {
    const entries = unzipSync(new Uint8Array(await file.arrayBuffer()), {
      filter: (entry) => {
        if (!['adapter_config.json', 'adapter_model.safetensors'].includes(baseName(entry))) return false;
        unpacked += entry.originalSize;
        if (unpacked > maxUnpackedBytes) throw new Error(`it unpacks to more than ${maxUnpackedBytes} bytes`);
        return true;
      }
    });
    return Object.entries(entries).map(([name, bytes]) => fromBytes(name, bytes));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ZipError(
      `${file.name} cannot be unpacked: ${why}. Download it again, or choose its two files.`,
      {
        details: { file: file.name },
        cause
      }
    );
  }
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
