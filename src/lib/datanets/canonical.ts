import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { isChatRow, type Row } from './row';

/**
 * A row as canonical JSON (RFC 8785: keys sorted, no spaces, strings as ECMAScript writes them), so that equal rows
 * are equal bytes. Fields other than those of `Row` do not take part.
 */
export function canonicalRow(row: Row): string {
  const { contributor, source } = row;
  if (!isChatRow(row)) return JSON.stringify({ contributor, source, text: row.text });
  const messages = row.messages.map(({ content, role }) => ({ content, role }));
  return JSON.stringify({ contributor, messages, source });
}

/** Rows as JSON Lines: `canonicalRow` and a line feed for each. What `rowsSha256` hashes and an export writes. */
export function* canonicalLines(rows: readonly Row[]): Generator<string> {
  for (const row of rows) yield `${canonicalRow(row)}\n`;
}

/** SHA-256, in hexadecimal, and size of the rows' canonical JSON Lines. */
export function rowsSha256(rows: readonly Row[]): { sha256: string; bytes: number } {
  const hash = sha256.create();
  const encoder = new TextEncoder();
  let bytes = 0;
  for (const line of canonicalLines(rows)) {
    const encoded = encoder.encode(line);
    bytes += encoded.length;
    hash.update(encoded);
  }
  return { sha256: bytesToHex(hash.digest()), bytes };
}
