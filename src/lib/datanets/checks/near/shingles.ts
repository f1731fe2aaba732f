import { combine32, mix32 } from '../hash';
import { ownTextsOf } from '../texts';
import { WordReader } from '../words';
import type { Row } from '../../row';

/** Words of a shingle. Three are enough to tell sentences apart and few enough that one changed word leaves most. */
export const SHINGLE_WORDS = 3;

/**
 * A row as the set of its shingles (Broder, "On the resemblance and containment of documents", 1997): each run of
 * `SHINGLE_WORDS` words of one of its texts, as a hash of 32 bits. A text of fewer words is one shingle. The set is
 * sorted and holds each hash once, so that two of them are compared in one walk.
 */
export class Shingler {
  readonly #words = new WordReader();

  of(row: Row): Int32Array {
    const parts = ownTextsOf(row).map((text) => this.#ofText(text));
    const joined = parts.length === 1 ? parts[0] : concat(parts);
    return distinct(joined.sort());
  }

  #ofText(text: string): Int32Array {
    const words = this.#words.hashes(text);
    const count = words.length === 0 ? 0 : Math.max(1, words.length - SHINGLE_WORDS + 1);
    const shingles = new Int32Array(count);
    const size = Math.min(words.length, SHINGLE_WORDS);
    for (let i = 0; i < count; i += 1) {
      let hash = 0;
      for (let j = i; j < i + size; j += 1) hash = combine32(hash, words[j]);
      shingles[i] = mix32(hash);
    }
    return shingles;
  }
}

/** |a ∩ b| / |a ∪ b| of two sorted sets; 0 where both are empty. */
export function jaccard(a: Int32Array, b: Int32Array): number {
  let i = 0;
  let j = 0;
  let shared = 0;
  while (i < a.length && j < b.length) {
    const left = a[i];
    const right = b[j];
    if (left === right) shared += 1;
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  const union = a.length + b.length - shared;
  return union === 0 ? 0 : shared / union;
}

function concat(parts: Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A sorted list without its repetitions, in place. */
function distinct(sorted: Int32Array): Int32Array {
  let kept = 0;
  for (let i = 0; i < sorted.length; i += 1) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[kept++] = sorted[i];
  }
  return sorted.subarray(0, kept);
}
