import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { openSafetensors } from '../../formats/safetensors';
import { fromBlob } from '../../formats/source';
import { readBytes, readChunks } from '../bundle/blob';
import { Pace, type PaceOptions } from '../pace';
import { unpack, type ZipEntry } from './zip';

/**
 * What a file is besides what Tabtune makes: weights of an adapter or of a base model, as their own bytes tell, or
 * something else, which can be a part of a base model: its configuration, its tokenizer.
 */
export type FileKind = 'adapter' | 'gguf' | 'safetensors' | 'other';

/** A file that a claim may name by its SHA-256, read when that is asked for. */
export class NamedFile {
  readonly kind: FileKind;
  readonly bytes: number;
  /** Of an adapter: the text of adapter_config.json, where it lies beside. */
  readonly config: string | undefined;
  readonly #pieces: (options: PaceOptions) => AsyncIterable<Uint8Array>;
  #sha256: Promise<string> | undefined;

  private constructor(
    kind: FileKind,
    bytes: number,
    pieces: (options: PaceOptions) => AsyncIterable<Uint8Array>,
    config?: string
  ) {
    this.kind = kind;
    this.bytes = bytes;
    this.#pieces = pieces;
    this.config = config;
  }

  static ofBlob(kind: FileKind, blob: Blob): NamedFile {
    return new NamedFile(kind, blob.size, () => readChunks(blob));
  }

  static ofEntry(kind: FileKind, entry: ZipEntry, config?: string): NamedFile {
    return new NamedFile(kind, entry.size, (options) => unpack(entry, options), config);
  }

  /** Hexadecimal. Read once, however often it is asked for. @throws ZipArchiveError, UnreadableFileError, the abort reason */
  sha256(options: PaceOptions = {}): Promise<string> {
    return (this.#sha256 ??= this.#read(options));
  }

  async #read({ signal, onProgress }: PaceOptions): Promise<string> {
    const pace = new Pace({ signal, onProgress });
    const hash = sha256.create();
    let done = 0;
    for await (const piece of this.#pieces({ signal })) {
      hash.update(piece);
      done += piece.length;
      if (pace.due) await pace.breathe(done, this.bytes);
    }
    return bytesToHex(hash.digest());
  }
}

const GGUF = 0x46554747;
/** The specification's own limit for a header. */
const MAX_HEADER = 100_000_000;
const BRACE = 0x7b;

/**
 * Tells weights by how they begin.
 * @returns undefined for what is no weights
 * @throws InvalidSafetensorsError where it begins as safetensors do and is none, UnreadableFileError
 */
export async function weightsKind(blob: Blob, signal?: AbortSignal): Promise<FileKind | undefined> {
  if (blob.size < 9) return undefined;
  const view = new DataView((await readBytes(blob, 0, 9)).buffer);
  if (view.getUint32(0, true) === GGUF) return 'gguf';
  const header = view.getBigUint64(0, true);
  if (view.getUint8(8) !== BRACE || header > BigInt(Math.min(MAX_HEADER, blob.size - 8))) return undefined;
  const { tensors } = await openSafetensors(fromBlob(blob, 'The file'), signal);
  const isAdapter = [...tensors.keys()].some((name) => name.includes('.lora_A.'));
  return isAdapter ? 'adapter' : 'safetensors';
}

/** SHA-256 of several files as `Checkpoint.sha256` forms it: of their own in hexadecimal, sorted, each with a line feed. */
export function sha256OfAll(digests: readonly string[]): string {
  const lines = digests.toSorted().map((digest) => `${digest}\n`);
  return bytesToHex(sha256(new TextEncoder().encode(lines.join(''))));
}
