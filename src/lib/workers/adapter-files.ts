/** Adapters between memory and files for the person's disk, with what goes with them. */
import { zipSync } from 'fflate';
import { requireNamedWeights } from '../datanets/verify/adapter-named';
import { checkOthers, openAdapterZip } from '../datanets/verify/adapter-zip';
import { unpackBytes, type ZipEntry } from '../datanets/verify/zip';
import { sha256OfSource } from '../formats/digest';
import { InvalidAdapterError, readAdapter, writeAdapter, type Adapter } from '../formats/peft';
import { baseName, fromBlob, fromBytes, type ByteSource } from '../formats/source';

/** A file of an adapter may unpack to this much: far more than any adapter for a browser, far less than memory. */
const MAX_UNPACKED_BYTES = 2 * 2 ** 30;

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
const RUN = 'run.json';

/** Text that is read of each. All are far shorter; what is longer is cut, which the checks of a claim then tell. */
const MAX_RUN_BYTES = 64 * 2 ** 20;
const MAX_CARD_BYTES = 2 ** 20;
const MAX_CLAIM_BYTES = 2 ** 23;

/** The PEFT files of an adapter, and what goes with them, as one zip. */
export function zipAdapter(adapter: Adapter, { run, card, claims }: Companions): Blob {
  const texts = [
    [RUN, run === undefined ? undefined : jsonText(run)],
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
 * Reads an adapter from its files, or from one zip with them, and what goes with it. Weights that its record or a claim of
 * it does not mean are refused; whether claims can be believed otherwise is asked later, and keeps no good adapter from being read.
 * @throws ZipArchiveError, InvalidAdapterError, OtherWeightsError and what `readAdapter` throws
 */
export async function readAdapterFiles(
  files: readonly File[]
): Promise<{ adapter: Adapter } & Omit<Companions, 'run'>> {
  const zip = files.find((file) => file.name.toLowerCase().endsWith('.zip'));
  if (zip && files.length > 1) {
    throw new InvalidAdapterError(`${zip.name} was chosen together with other files. Choose it alone.`, {
      details: { files: files.slice(0, 5).map(({ name }) => name) }
    });
  }
  const found = zip ? await filesInZip(zip) : filesAmong(files);
  const { config, weights } = found;
  if (!config || !weights) {
    throw new InvalidAdapterError(
      `There is no adapter ${zip ? `in ${zip.name}` : 'among these files'}. Choose adapter_config.json and adapter_model.safetensors together.`
    );
  }
  const adapter = await readAdapter([config, weights]);
  const [run, card, manifest, receipt] = await Promise.all([
    textOf(found.run, MAX_RUN_BYTES),
    textOf(found.card, MAX_CARD_BYTES),
    textOf(found.manifest, MAX_CLAIM_BYTES),
    textOf(found.receipt, MAX_CLAIM_BYTES)
  ]);
  const beside = [
    { name: RUN, text: run },
    { name: CLAIM_FILES.manifest, text: manifest },
    { name: CLAIM_FILES.receipt, text: receipt }
  ].flatMap(({ name, text }) => (text === undefined ? [] : [{ name, text }]));
  requireNamedWeights(await sha256OfSource(weights), beside, zip?.name ?? 'the chosen files');
  return {
    adapter,
    ...(card === undefined ? {} : { card }),
    claims: {
      ...(manifest === undefined ? {} : { manifest }),
      ...(receipt === undefined ? {} : { receipt })
    }
  };
}

/** The files of an adapter by what they are. */
type FoundFiles = Partial<Record<'config' | 'weights' | 'run' | 'card' | 'manifest' | 'receipt', ByteSource>>;

/** What Verify sees in the same zip, unpacked and with its checksums compared. */
async function filesInZip(file: File): Promise<FoundFiles> {
  const zip = await openAdapterZip(file, file.name);
  await checkOthers(zip, {});
  const unpacked = async (entry: ZipEntry | undefined): Promise<ByteSource | undefined> => {
    if (!entry) return undefined;
    if (entry.size > MAX_UNPACKED_BYTES) {
      throw new InvalidAdapterError(
        `${entry.name} in ${file.name} is larger than ${MAX_UNPACKED_BYTES / 2 ** 30} GiB: too large for an adapter here.`,
        { details: { file: entry.name, size: entry.size } }
      );
    }
    return fromBytes(entry.name, await unpackBytes(entry));
  };
  const claim = (path: string) => zip.claims.find(({ name }) => name.endsWith(path));
  const { config, weights, run, card } = zip;
  return {
    ...{ config: await unpacked(config), weights: await unpacked(weights), run: await unpacked(run) },
    ...{ card: await unpacked(card), manifest: await unpacked(claim(CLAIM_FILES.manifest)) },
    receipt: await unpacked(claim(CLAIM_FILES.receipt))
  };
}

/** @throws InvalidAdapterError where files of one name were chosen: each reader would take another */
function filesAmong(files: readonly File[]): FoundFiles {
  const sources = files.map((file) => fromBlob(file));
  const named = (path: string) => {
    const base = path.slice(path.lastIndexOf('/') + 1);
    const found = sources.filter((source) => baseName(source) === base);
    if (found.length > 1) {
      throw new InvalidAdapterError(
        `${found.length} of these files are called ${base}, and which one is meant is not said. Choose the folder of one adapter alone.`,
        { details: { files: found.slice(0, 5).map(({ name }) => name) } }
      );
    }
    return found[0];
  };
  return {
    ...{ config: named('adapter_config.json'), weights: named('adapter_model.safetensors'), run: named(RUN) },
    ...{ card: named(CARD), manifest: named(CLAIM_FILES.manifest), receipt: named(CLAIM_FILES.receipt) }
  };
}

async function textOf(source: ByteSource | undefined, limit: number): Promise<string | undefined> {
  return source && new TextDecoder().decode(await source.read(0, Math.min(source.size, limit)));
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
