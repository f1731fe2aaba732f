/** The archive of an adapter: which of its files are what, for whoever checks it and for whoever takes it in alike. */
import { readBytes } from '../bundle/blob';
import { STATEMENT_NAME } from '../bundle/signed-container';
import type { PaceOptions } from '../pace';
import { listed } from '../trust/short';
import { openZip, unpack, unpackText, type ZipEntry } from './zip';
import { refusal, shownName } from './zip-directory';
import { baseOf, foldedName } from './zip-names';

/** The files of a PEFT folder that say whose adapter it is, in the archive that holds them. */
export interface AdapterZip {
  config: ZipEntry | undefined;
  weights: ZipEntry | undefined;
  run: ZipEntry | undefined;
  /** README.md. */
  card: ZipEntry | undefined;
  /** `claims/*.json`, in the order of the archive. */
  claims: ZipEntry[];
  /** What is none of these, and is left alone. */
  others: ZipEntry[];
  /** What macOS adds to archives: left out. */
  ofMacOs: ZipEntry[];
}

const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';
const RUN = 'run.json';
const CARD = 'README.md';
const CLAIM = /^claims\/[^/]{1,100}\.json$/;
const MAX_CONFIG_BYTES = 2 ** 20;
/** Each is read whole. */
const MAX_CLAIMS = 32;
/** Finder's attributes of each file, and of each folder. */
const OF_MACOS = /^__MACOSX\/|(?:^|\/)(?:\._[^/]*|\.DS_Store)$/;
/** Folders that a refusal names. */
const NAMED = 5;
/** What stands before the name of an archive's first file. */
const HEAD = 30;
/** Where the names of an archive's first and last files stand, in plain. */
const NAMES_WITHIN = 128 * 1024;

/** What the end of an archive begins with. No text has it, and no weights do but by chance. */
const END = 'PK\u0005\u0006';

/**
 * Whether a file ends as archives do, whatever it begins with: many programs open such a file all the same.
 * @throws UnreadableFileError
 */
export async function endsAsArchive(blob: Blob): Promise<boolean> {
  const tail = await readBytes(blob, Math.max(0, blob.size - NAMES_WITHIN));
  return new TextDecoder('latin1').decode(tail).includes(END);
}

/**
 * Whether an archive holds an adapter, also where it is damaged: what is said of it then is why it is not read.
 * @throws UnreadableFileError
 */
export async function looksLikeAdapter(blob: Blob): Promise<boolean> {
  const decoder = new TextDecoder('latin1');
  const first = await readBytes(blob, 0, Math.min(HEAD + STATEMENT_NAME.length, blob.size));
  // In a version of a Datanet, somebody's rows may well speak of such files.
  if (decoder.decode(first.subarray(HEAD)) === STATEMENT_NAME) return false;
  const ends = [
    await readBytes(blob, 0, Math.min(NAMES_WITHIN, blob.size)),
    await readBytes(blob, Math.max(0, blob.size - NAMES_WITHIN))
  ].map((bytes) => decoder.decode(bytes));
  return ends.some((text) => text.includes(WEIGHTS) || text.includes(CONFIG));
}

/**
 * Finds the files of an adapter in its archive. Its two files, and what lies beside them, must be one adapter's: an archive
 * with several is refused, as every reader would choose for itself. Checksums are compared as files are unpacked; see
 * `checkOthers` for those that are not.
 * @param label for messages, such as the archive's name
 * @throws ZipArchiveError, UnreadableFileError
 */
export async function openAdapterZip(blob: Blob, label?: string): Promise<AdapterZip> {
  const all = await openZip(blob, label);
  if (all[0]?.name === STATEMENT_NAME) {
    throw refusal(all[0].label, 'it begins with a signed statement, as files of Datanets do');
  }
  const entries = all.filter(({ name }) => !OF_MACOS.test(name));
  const [config, weights] = [CONFIG, WEIGHTS].map((name) => onlyOne(entries, name));
  const main = weights ?? config;
  const folder = main ? folderOf(main.name) : '';
  if (config && weights && folderOf(config.name) !== folder) {
    const reason = `${shownName(config.name)} does not lie beside ${shownName(weights.name)}, so that they may be of two adapters`;
    throw refusal(config.label, reason);
  }
  const [run, card] = [RUN, CARD].map((base) => entries.find(({ name }) => name === folder + base));
  const claims = entries.filter(
    ({ name }) => name.startsWith(folder) && CLAIM.test(name.slice(folder.length))
  );
  if (claims.length > MAX_CLAIMS) {
    const reason = `it brings ${claims.length} claims, and at most ${MAX_CLAIMS} are read`;
    throw refusal(claims[0].label, reason);
  }
  const read = new Set([config, weights, run, card, ...claims]);
  return {
    ...{ config, weights, run, card, claims },
    others: entries.filter((entry) => !read.has(entry)),
    ofMacOs: all.filter((entry) => !entries.includes(entry))
  };
}

/**
 * Reads the files that nothing is made of, for their checksums: other programs would give them to the person.
 * @throws ZipArchiveError, UnreadableFileError, the abort reason
 */
export async function checkOthers({ others, ofMacOs }: AdapterZip, { signal }: PaceOptions): Promise<void> {
  for (const entry of [...others, ...ofMacOs]) for await (const _ of unpack(entry, { signal }));
}

/** The file of a name, in whichever folder, and in whichever spelling some reader takes for it. @throws ZipArchiveError */
function onlyOne(entries: readonly ZipEntry[], base: string): ZipEntry | undefined {
  const found = entries.filter(({ name }) => foldedName(baseOf(name)) === foldedName(base));
  if (found.length > 1) {
    const names = found.slice(0, NAMED).map(({ name }) => shownName(name));
    throw refusal(
      found[0].label,
      `it has ${found.length} files called "${base}" (${listed(names)}), and which one is meant is not said: pack the folder of one adapter alone`
    );
  }
  if (found.length === 1 && baseOf(found[0].name) !== base) {
    throw refusal(
      found[0].label,
      `it has ${shownName(found[0].name)}, which some readers take for "${base}"`
    );
  }
  return found[0];
}

function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1);
}

/** The text of adapter_config.json. @throws ZipArchiveError, UnreadableFileError, the abort reason */
export function configText(entry: ZipEntry, signal?: AbortSignal): Promise<string> {
  return unpackText(entry, MAX_CONFIG_BYTES, { signal });
}
