/** Adapters between memory and files for the person's disk, with what goes with them. */
import { unzipSync, zipSync } from 'fflate';
import { TabtuneError } from '../errors';
import { InvalidAdapterError, readAdapter, writeAdapter, type Adapter } from '../formats/peft';
import { baseName, fromBlob, fromBytes, type ByteSource } from '../formats/source';

/** A zip that is damaged or not one. */
export class ZipError extends TabtuneError {}

/** A zip of an adapter may unpack to this much: far more than any adapter for a browser, far less than memory. */
const maxUnpackedBytes = 2 * 2 ** 30;

/** What goes with the files of an adapter: who made it, how, and of what. */
export interface Companions {
  /** The object of run.json. */
  run?: unknown;
  /** README.md: somebody's Markdown. */
  card?: string;
  /** Signed claims, as text: canonical JSON, or whatever somebody put in its place. */
  claims: { manifest?: string; receipt?: string };
}

/** Where claims lie in an adapter's folder. */
export const CLAIM_FILES = {
  manifest: 'claims/run-manifest.json',
  receipt: 'claims/attribution-receipt.json'
} as const;

const CARD = 'README.md';

/** Text that is read of a model card, and of a claim. Both are far shorter; what is longer is cut, which its checks then tell. */
const MAX_CARD_BYTES = 2 ** 20;
const MAX_CLAIM_BYTES = 2 ** 23;

/** The PEFT files of an adapter, and what goes with them, as one zip. */
export function zipAdapter(adapter: Adapter, { run, card, claims }: Companions): Blob {
  const texts = [
    ['run.json', run === undefined ? undefined : jsonText(run)],
    [CARD, card],
    [CLAIM_FILES.manifest, claims.manifest],
    [CLAIM_FILES.receipt, claims.receipt]
  ] as const;
  const encoder = new TextEncoder();
  const files = [
    ...writeAdapter(adapter).map(({ name, bytes }) => [name, bytes] as const),
    ...texts.flatMap(([name, text]) => (text === undefined ? [] : [[name, encoder.encode(text)] as const]))
  ];
  // Trained weights do not shrink: stored as they are, the zip is there at once.
  const bytes = zipSync(Object.fromEntries(files), { level: 0 });
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/zip' });
}

/**
 * Reads an adapter from its files, or from one zip with them, and what goes with it. That is taken as it is: whether it can be
 * believed is asked later, and keeps no good adapter from being read.
 * @throws ZipError, InvalidAdapterError and what `readAdapter` throws
 */
export async function readAdapterFiles(
  files: readonly File[]
): Promise<{ adapter: Adapter } & Omit<Companions, 'run'>> {
  const zip = files.find((file) => file.name.toLowerCase().endsWith('.zip'));
  const sources = zip ? await unzip(zip) : files.map((file) => fromBlob(file));
  if (sources.length === 0) {
    throw new InvalidAdapterError(
      'There is no adapter among these files. Choose adapter_config.json and adapter_model.safetensors together.'
    );
  }
  const adapter = await readAdapter(sources);
  const text = async (name: string, limit: number) => {
    const source = sources.find((each) => baseName(each) === name);
    return source && new TextDecoder().decode(await source.read(0, Math.min(source.size, limit)));
  };
  const [card, manifest, receipt] = await Promise.all([
    text(CARD, MAX_CARD_BYTES),
    text('run-manifest.json', MAX_CLAIM_BYTES),
    text('attribution-receipt.json', MAX_CLAIM_BYTES)
  ]);
  return {
    adapter,
    ...(card === undefined ? {} : { card }),
    claims: {
      ...(manifest === undefined ? {} : { manifest }),
      ...(receipt === undefined ? {} : { receipt })
    }
  };
}

/** What is looked at in a zip. Of several files of one name in it, the first is taken. */
const READ = new Set([
  ...['adapter_config.json', 'adapter_model.safetensors', CARD],
  ...Object.values(CLAIM_FILES).map((path) => path.slice(path.lastIndexOf('/') + 1))
]);

async function unzip(file: File): Promise<ByteSource[]> {
  let unpacked = 0;
  try {
    const entries = unzipSync(new Uint8Array(await file.arrayBuffer()), {
      filter: (entry) => {
        if (!READ.has(baseName(entry))) return false;
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
