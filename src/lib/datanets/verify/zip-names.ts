/**
 * Names in archives from anybody. Readers differ in what they make of backslashes, of names that end in dots, of letters
 * that fold into others, and of a second name in Unicode: here a name has one meaning, or a reason why it is refused.
 */

/** Info-ZIP's field of a name in Unicode (APPNOTE.TXT 4.6.9): a version, the CRC-32 of the plain name, the name. */
const UNICODE_PATH = { id: 0x7075, before: 5 } as const;
const ZIP64 = 0x0001;
/** Of AES, as WinZip writes it. */
const AES = 0x9901;

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A name as it is used, or why no reader should use it. */
export type NameReading = { path: string; folder: boolean } | { refused: string };

/** @param bytes the name as it stands in the archive; old programs do not say in which encoding */
export function readName(bytes: Uint8Array): NameReading {
  const text = decoded(bytes);
  if (text === '') return { refused: 'has no name' };
  if (CONTROL.test(text)) return { refused: 'has characters in its name that cannot be seen' };
  // Some programs of Windows write backslashes.
  const slashed = text.replaceAll('\\', '/');
  if (slashed.startsWith('/') || /^[a-z]:/i.test(slashed)) {
    return { refused: 'has a name that begins at the root of a disk' };
  }
  const folder = slashed.endsWith('/');
  const steps = (folder ? slashed.slice(0, -1) : slashed).split('/');
  if (steps.includes('..')) return { refused: 'has a name that leads out of its folder' };
  const named = steps.filter((step) => step !== '.');
  if (named.includes('') || (named.length === 0 && !folder)) {
    return { refused: 'has a name with nothing between two slashes' };
  }
  return { path: named.join('/'), folder };
}

/** What names have in common that some file system or reader takes for one. */
export function foldedName(path: string): string {
  return path
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Mn}]/gu, '')
    .toUpperCase()
    .toLowerCase()
    .split('/')
    .map((step) => step.replace(/[. ]+$/, ''))
    .join('/');
}

/** The last part of a path. */
export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Why the extra fields of an entry are not passed over: they make its size, its content or its name another one.
 * @param name the bytes of its plain name
 */
export function objectionToExtra(extra: Uint8Array, name: Uint8Array): string | undefined {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.length);
  let at = 0;
  while (at + 4 <= extra.length) {
    const [id, size] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    const end = at + 4 + size;
    if (end > extra.length) return 'has extra fields that are damaged';
    if (id === ZIP64) return 'is written as ZIP64, for files larger than those of an adapter';
    if (id === AES) return 'is encrypted';
    if (id === UNICODE_PATH.id && !isSameName(extra.subarray(at + 4 + UNICODE_PATH.before, end), name)) {
      return 'has two names, of which readers take one or the other';
    }
    at = end;
  }
  return undefined;
}

/** The second name is in UTF-8, the first perhaps in an older encoding: then only what both have in ASCII compares. */
function isSameName(unicode: Uint8Array, name: Uint8Array): boolean {
  const [a, b] = [decoded(unicode), decoded(name)];
  if (a === b) return true;
  if (isAscii(unicode) || isAscii(name)) return false;
  return baseOf(a) === baseOf(b) || !(isAsciiText(baseOf(a)) || isAsciiText(baseOf(b)));
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // No UTF-8: some code page, in which ASCII is ASCII.
    return new TextDecoder('latin1').decode(bytes);
  }
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

function isAsciiText(text: string): boolean {
  return isAscii(new TextEncoder().encode(text));
}
