import { TabtuneError } from '../../errors';
import { Pace, type PaceOptions } from '../pace';
import { readBytes } from './blob';

/** Sealed rows that cannot be read: another key or root, changed, cut or reordered bytes. */
export class CannotUnsealError extends TabtuneError {}

/** What is sealed at a time, and so the most that is held of the plain text. */
export const SEGMENT_BYTES = 1024 * 1024;

/** Says what the file is; eight bytes, and a version among them. */
const MAGIC = new TextEncoder().encode('TTSEAL1\n');
const PREFIX_BYTES = 7;
const HEADER_BYTES = MAGIC.length + PREFIX_BYTES;
const TAG_BYTES = 16;
const SEALED_SEGMENT_BYTES = SEGMENT_BYTES + TAG_BYTES;

/**
 * Seals a file with AES-256-GCM in segments of 1 MiB: the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár,
 * "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015). The nonce of a segment is the file's
 * random prefix of 7 bytes, the segment's number in 4 and a last byte that is 1 for the last segment; so segments cannot
 * be left out, moved, repeated or cut off. `root` is authenticated with each, so that they cannot pass for another
 * version's. A key must be used for one file only.
 * @param key AES-GCM with 256 bits, allowed to encrypt.
 * @param root Merkle root of the rows.
 * @throws UnreadableFileError, the abort reason.
 */
export async function seal(
  source: Blob,
  key: CryptoKey,
  root: string,
  options: PaceOptions = {}
): Promise<Blob> {
  const pace = new Pace(options);
  const header = new Uint8Array(HEADER_BYTES);
  header.set(MAGIC);
  crypto.getRandomValues(header.subarray(MAGIC.length));
  const pieces: BlobPart[] = [header];
  const count = segmentsOf(source.size);
  for (let i = 0; i < count; i += 1) {
    const plain = await readBytes(source, i * SEGMENT_BYTES, Math.min(source.size, (i + 1) * SEGMENT_BYTES));
    const sealed = await crypto.subtle.encrypt(parameters(header, root, i, i === count - 1), key, plain);
    // A Blob of its own: browsers keep it outside of the heap.
    pieces.push(new Blob([sealed]));
    if (pace.due) await pace.breathe(i * SEGMENT_BYTES, source.size);
  }
  pace.finish(source.size);
  return new Blob(pieces);
}

/** A sealed file with the key to it. Only the segment that is asked for is ever decrypted. */
export class Unsealed {
  /** Bytes of the plain text. */
  readonly size: number;
  readonly segments: number;
  readonly #sealed: Blob;
  readonly #header: Uint8Array<ArrayBuffer>;
  readonly #key: CryptoKey;
  readonly #root: string;

  private constructor(sealed: Blob, { header, segments, size }: SealedForm, key: CryptoKey, root: string) {
    this.segments = segments;
    this.size = size;
    this.#sealed = sealed;
    this.#header = header;
    this.#key = key;
    this.#root = root;
  }

  /**
   * Opens what `seal` wrote. The key is tried at the first segment that is read.
   * @throws CannotUnsealError where it is no sealed file or was cut, UnreadableFileError.
   */
  static async open(sealed: Blob, key: CryptoKey, root: string): Promise<Unsealed> {
    return new Unsealed(sealed, await readSealedForm(sealed), key, root);
  }

  /**
   * The plain text from `index * SEGMENT_BYTES` on, 1 MiB of it or what is left.
   * @throws CannotUnsealError, UnreadableFileError.
   */
  async segment(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const start = HEADER_BYTES + index * SEALED_SEGMENT_BYTES;
    const bytes = await readBytes(
      this.#sealed,
      start,
      Math.min(this.#sealed.size, start + SEALED_SEGMENT_BYTES)
    );
    const last = index === this.segments - 1;
    try {
      const nonceAndRoot = parameters(this.#header, this.#root, index, last);
      return new Uint8Array(await crypto.subtle.decrypt(nonceAndRoot, this.#key, bytes));
    } catch (cause) {
      throw new CannotUnsealError(
        `The sealed rows cannot be opened (segment ${index + 1} of ${this.segments}): the key belongs to another ` +
          'version, or the file was changed.',
        { details: { segment: index, segments: this.segments }, cause }
      );
    }
  }

  /** All of the plain text, a segment at a time. @throws CannotUnsealError, UnreadableFileError, the abort reason. */
  async *bytes(signal?: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let i = 0; i < this.segments; i += 1) {
      signal?.throwIfAborted();
      yield await this.segment(i);
    }
  }
}

interface SealedForm {
  header: Uint8Array<ArrayBuffer>;
  segments: number;
  /** Bytes of the plain text. */
  size: number;
}

/**
 * What a sealed file tells without a key.
 * @throws CannotUnsealError where it is none or was cut, UnreadableFileError.
 */
export async function readSealedForm(sealed: Blob): Promise<SealedForm> {
  const header = await readBytes(sealed, 0, Math.min(HEADER_BYTES, sealed.size));
  if (header.length < HEADER_BYTES || !MAGIC.every((byte, i) => byte === header[i])) {
    throw new CannotUnsealError(
      'The sealed rows do not begin as sealed rows do: the file was changed or cut.'
    );
  }
  const body = sealed.size - HEADER_BYTES;
  const segments = Math.ceil(body / SEALED_SEGMENT_BYTES);
  const size = body - segments * TAG_BYTES;
  // A last segment may be empty only where it is the only one.
  if (segments === 0 || segments !== segmentsOf(size)) {
    throw new CannotUnsealError('The sealed rows were cut: their length is none that sealed rows have.', {
      details: { bytes: sealed.size }
    });
  }
  return { header, segments, size };
}

/** The nonce, and what is authenticated beside the segment: the file's head, the root, the segment's number, its end. */
function parameters(header: Uint8Array, root: string, index: number, last: boolean): AesGcmParams {
  const iv = new Uint8Array(PREFIX_BYTES + 5);
  iv.set(header.subarray(MAGIC.length));
  new DataView(iv.buffer).setUint32(PREFIX_BYTES, index);
  iv[PREFIX_BYTES + 4] = last ? 1 : 0;
  const rootBytes = new TextEncoder().encode(root);
  const additionalData = new Uint8Array(HEADER_BYTES + 5 + rootBytes.length);
  additionalData.set(header);
  additionalData.set(iv.subarray(PREFIX_BYTES), HEADER_BYTES);
  additionalData.set(rootBytes, HEADER_BYTES + 5);
  return { name: 'AES-GCM', iv, additionalData, tagLength: TAG_BYTES * 8 };
}

/** An empty file has one segment, too: the one that says that it ends there. */
function segmentsOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / SEGMENT_BYTES));
}
