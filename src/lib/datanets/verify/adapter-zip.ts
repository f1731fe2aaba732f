import { readBytes } from '../bundle/blob';
import { STATEMENT_NAME } from '../bundle/signed-container';
import { openZip, unpackText, ZipArchiveError, type ZipEntry } from './zip';

/** The files of a PEFT folder that say whose adapter it is, in the archive that holds them. */
export interface AdapterZip {
  config: ZipEntry | undefined;
  weights: ZipEntry | undefined;
  run: ZipEntry | undefined;
  /** `claims/*.json`, in the order of the archive. */
  claims: ZipEntry[];
}

const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';
const RUN = 'run.json';
const CLAIM = /^claims\/[^/]{1,100}\.json$/;
const MAX_CONFIG_BYTES = 2 ** 20;
/** Each is read whole. */
const MAX_CLAIMS = 32;
/** What stands before the name of an archive's first file. */
const HEAD = 30;
/** Where the names of an archive's first and last files stand, in plain. */
const NAMES_WITHIN = 128 * 1024;

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
 * Lists what is in the archive of an adapter. Other files in it, such as its model card, are left alone.
 * @throws ZipArchiveError, UnreadableFileError
 */
export async function openAdapterZip(blob: Blob): Promise<AdapterZip> {
  const entries = await openZip(blob);
  // Programs that pack a folder put its name before those of its files.
  const found = entries.find(
    ({ name }) => name.split('/').at(-1) === WEIGHTS || name.split('/').at(-1) === CONFIG
  );
  const folder = found ? found.name.slice(0, found.name.lastIndexOf('/') + 1) : '';
  const inFolder = (name: string) => entries.find((entry) => entry.name === folder + name);
  const claims = entries.filter(
    ({ name }) => name.startsWith(folder) && CLAIM.test(name.slice(folder.length))
  );
  if (claims.length > MAX_CLAIMS) {
    throw new ZipArchiveError(
      `The archive is not looked into: it brings ${claims.length} claims, and at most ${MAX_CLAIMS} are read. Give the claims one by one.`,
      { details: { claims: claims.length } }
    );
  }
  return { config: inFolder(CONFIG), weights: inFolder(WEIGHTS), run: inFolder(RUN), claims };
}

/** The text of adapter_config.json. @throws ZipArchiveError, UnreadableFileError, the abort reason */
export function configText(entry: ZipEntry, signal?: AbortSignal): Promise<string> {
  return unpackText(entry, MAX_CONFIG_BYTES, { signal });
}
