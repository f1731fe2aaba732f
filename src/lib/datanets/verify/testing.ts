/** What tests of checks share. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../canonical';
import { MerkleTree } from '../content/merkle';
import type { Statement } from '../trust/statements';

/** The same statement, with the digests of what it holds in place of those of an example. */
export async function fitting<S extends Statement>(statement: S): Promise<S> {
  if (statement.kind === 'run-manifest') {
    return { ...statement, configSha256: sha256OfJson(statement.config) };
  }
  if (statement.kind === 'attribution-receipt') {
    return { ...statement, sharesRoot: (await MerkleTree.ofShares(statement.shares)).root };
  }
  return statement;
}

/** SHA-256 of a value's canonical JSON, in hexadecimal. */
export function sha256OfJson(value: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(value))));
}

/** Every way to change one field: another value, none, one more. */
export function* changesOf(value: unknown, path = ''): Generator<[path: string, changed: unknown]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const [at, changed] of changesOf(item, `${path}.${index}`)) yield [at, value.with(index, changed)];
      yield [`${path} without ${index}`, value.toSpliced(index, 1)];
    }
    if (value.length > 0) yield [`${path} with one more`, [...(value as unknown[]), value[0]]];
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      for (const [at, changed] of changesOf(item, `${path}.${key}`)) yield [at, { ...value, [key]: changed }];
      const rest: Record<string, unknown> = { ...value };
      delete rest[key];
      yield [`${path} without ${key}`, rest];
    }
    yield [`${path} with more`, { ...value, more: 1 }];
  } else if (typeof value === 'string') {
    const last = value.charCodeAt(value.length - 1);
    yield [path, value.slice(0, -1) + String.fromCharCode(value === '' ? 97 : last === 122 ? 121 : last + 1)];
  } else if (typeof value === 'number') yield [path, value + 1];
  else if (typeof value === 'boolean') yield [path, !value];
}
