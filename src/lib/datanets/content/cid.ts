import { sha256 } from '@noble/hashes/sha2.js';
import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { canonicalJson } from '../canonical';
import { rowContent, type RowContent } from '../row';

/** Multicodec codes. https://github.com/multiformats/multicodec/blob/master/table.csv */
const RAW = 0x55;
const SHA2_256 = 0x12;

export { rowContent };

/** SHA-256, 32 bytes, of the content's canonical JSON. */
export function rowDigest(content: RowContent): Uint8Array {
  return digestOfText(canonicalJson(content));
}

/** CIDv1 (raw, sha2-256) of the content's canonical JSON: equal words have one CID, whoever brings them. */
export function rowCid(content: RowContent): string {
  return cidOfDigest(rowDigest(content));
}

/** CIDv1 (raw, sha2-256) of a text's UTF-8 bytes, in base 32. */
export function cidOfText(text: string): string {
  return cidOfDigest(digestOfText(text));
}

/** The CIDv1 (raw) of bytes whose SHA-256 is `digest`. */
export function cidOfDigest(digest: Uint8Array): string {
  return CID.createV1(RAW, Digest.create(SHA2_256, digest)).toString();
}

function digestOfText(text: string): Uint8Array {
  return sha256(new TextEncoder().encode(text));
}
