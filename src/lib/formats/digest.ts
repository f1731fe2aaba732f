import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { readPieces, type ByteSource } from './source';

/** Read at a time while hashing: model files are larger than memory, and WebCrypto hashes only whole buffers. */
const PIECE = 2 ** 22;

/** SHA-256 of a file in hexadecimal, streaming. */
export async function sha256OfSource(source: ByteSource, signal?: AbortSignal): Promise<string> {
  const hash = sha256.create();
  for await (const piece of readPieces(source, 0, source.size, PIECE, signal)) hash.update(piece);
  return bytesToHex(hash.digest());
}

/**
 * One digest for a set of files, whatever their names and order: for a single file its SHA-256; for several the
 * SHA-256 of theirs in hexadecimal, sorted, each followed by a newline.
 */
export async function sha256OfFiles(sources: readonly ByteSource[], signal?: AbortSignal): Promise<string> {
  const digests: string[] = [];
  for (const source of sources) digests.push(await sha256OfSource(source, signal));
  if (digests.length === 1) return digests[0];
  const lines = digests.sort().map((digest) => `${digest}\n`);
  return bytesToHex(sha256(new TextEncoder().encode(lines.join(''))));
}
