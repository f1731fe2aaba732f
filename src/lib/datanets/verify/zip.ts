/** Archives from anybody, read in the one way that leaves no other. See `zip-directory.ts` for what is refused. */
import { readChunks } from '../bundle/blob';
import { Crc32 } from '../bundle/digest';
import { Pace, type PaceOptions } from '../pace';
import { readDirectory, refusal, shownName } from './zip-directory';
import { foldedName } from './zip-names';

export { ZipArchiveError } from './zip-directory';

/** A file in an archive that anybody made. */
export interface ZipEntry {
  /** With `/` between folders: `adapter/run.json`. A stranger's text. */
  readonly name: string;
  /** Unpacked. */
  readonly size: number;
  /** Its packed bytes. */
  readonly data: Blob;
  readonly deflated: boolean;
  readonly crc32: number;
  /** For messages: the archive that it is of. */
  readonly label: string;
}

/** Far more than any adapter for a browser. */
const MAX_UNPACKED = 4 * 2 ** 30;

/**
 * Lists the files of a ZIP archive, as other programs write them, too: stored or deflated, with folders, dates and modes.
 * Nothing is unpacked. Every byte that is not content must be where it belongs, and list and heads must say the same, so
 * that no other reader finds other files in it; names that some file system takes for one, and what would unpack to more
 * than it can, are refused.
 * @param label for messages, such as the archive's name
 * @throws ZipArchiveError that says why, UnreadableFileError
 */
export async function openZip(blob: Blob, label = 'The archive'): Promise<ZipEntry[]> {
  const records = await readDirectory(blob, label);
  const names = new Map<string, string>();
  const entries: ZipEntry[] = [];
  let unpacked = 0;
  for (const { path, folder, size, packed, deflated, crc32, start } of records) {
    const folded = foldedName(path);
    const other = names.get(folded);
    if (other !== undefined) {
      const reason =
        other === path
          ? `it has ${shownName(path)} twice`
          : `it has ${shownName(other)} and ${shownName(path)}, which some readers take for one`;
      throw refusal(label, reason);
    }
    names.set(folded, path);
    if (folder) continue;
    unpacked += size;
    if (unpacked > MAX_UNPACKED)
      throw refusal(label, `it would unpack to more than ${MAX_UNPACKED / 2 ** 30} GiB`);
    entries.push({ name: path, size, data: blob.slice(start, start + packed), deflated, crc32, label });
  }
  return entries;
}

/**
 * Unpacks a file of an archive, a piece at a time, and compares length and CRC-32 with what the archive says of it.
 * @throws ZipArchiveError, UnreadableFileError, the abort reason
 */
export async function* unpack(entry: ZipEntry, options: PaceOptions = {}): AsyncGenerator<Uint8Array> {
  const { name, label } = entry;
  const pace = new Pace(options);
  const crc = new Crc32();
  let done = 0;
  for await (const piece of entry.deflated ? inflate(entry) : readChunks(entry.data)) {
    done += piece.length;
    if (done > entry.size) throw refusal(label, `${shownName(name)} unpacks to more than it says`);
    crc.update(piece);
    yield piece;
    if (pace.due) await pace.breathe(done, entry.size);
  }
  if (done !== entry.size || crc.value !== entry.crc32) {
    throw refusal(label, `${shownName(name)} in it is damaged: its length or its checksum does not fit`);
  }
  if (entry.deflated && !(await needsItsLastByte(entry)))
    throw refusal(label, `what lies behind the end of ${shownName(name)} in it belongs to no file`);
  pace.finish(done);
}

/** All of a file of an archive. @throws ZipArchiveError, UnreadableFileError, the abort reason */
export async function unpackBytes(
  entry: ZipEntry,
  options: PaceOptions = {}
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(entry.size);
  let at = 0;
  for await (const piece of unpack(entry, options)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** A file of an archive as text. @throws ZipArchiveError also where it is longer than `max` bytes, or no UTF-8 */
export async function unpackText(entry: ZipEntry, max: number, options: PaceOptions = {}): Promise<string> {
  const { name, label } = entry;
  if (entry.size > max) {
    throw refusal(label, `${shownName(name)} is ${entry.size} bytes long, and at most ${max} are read`);
  }
  const bytes = await unpackBytes(entry, options);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw refusal(label, `${shownName(name)} is no text in UTF-8`, cause);
  }
}

async function* inflate({ data, name, label }: ZipEntry, packed: Blob = data): AsyncGenerator<Uint8Array> {
  const reader = packed.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    throw refusal(label, `${shownName(name)} in it is damaged and cannot be unpacked`, cause);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * Whether a file that unpacks does not without its last packed byte: then nothing lies behind the end of its content. Some
 * runtimes say so by themselves, and some read over it.
 */
async function needsItsLastByte(entry: ZipEntry): Promise<boolean> {
  try {
    for await (const _ of inflate(entry, entry.data.slice(0, -1)));
    return false;
  } catch {
    return true;
  }
}
