import { combine32, mix32 } from './hash';

/** What a UTF-16 unit is to a word. */
const BETWEEN = 0;
const LETTER = 1;
/** A word of its own: scripts that put no spaces between words. */
const ALONE = 2;

const letter = /[\p{L}\p{N}\p{M}]/u;
const alone =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * Reads texts as lists of word hashes: letters, marks and digits together, without case and in Unicode's NFKC form, all
 * else between words; each character alone in scripts that do not separate words. Characters beyond the basic plane
 * (emoji, rare ideographs) are words of their own.
 */
export class WordReader {
  /** What each UTF-16 unit is, found out at its first use: 0xff means not yet. */
  readonly #kinds = new Uint8Array(0x10000).fill(0xff);
  #room = new Int32Array(4096);

  /** Hashes of the words of `text`, in order. */
  hashes(text: string): Int32Array {
    const folded = text.normalize('NFKC').toLowerCase();
    // At worst each unit is a word.
    const all =
      this.#room.length >= folded.length ? this.#room : (this.#room = new Int32Array(2 * folded.length));
    let count = 0;
    let hash = 0;
    let inside = false;
    for (let i = 0; i < folded.length; i += 1) {
      const unit = folded.charCodeAt(i);
      const kind = this.#kindOf(unit);
      if (kind === LETTER) {
        hash = inside ? combine32(hash, unit) : combine32(0, unit);
        inside = true;
        continue;
      }
      if (inside) all[count++] = mix32(hash);
      inside = false;
      if (kind === ALONE) {
        const isPair = unit >= 0xd800 && unit <= 0xdbff && i + 1 < folded.length;
        const low = isPair ? folded.charCodeAt((i += 1)) : 0;
        all[count++] = mix32(combine32(unit, low));
      }
    }
    if (inside) all[count++] = mix32(hash);
    return all.slice(0, count);
  }

  #kindOf(unit: number): number {
    const known = this.#kinds[unit];
    if (known !== 0xff) return known;
    const character = String.fromCharCode(unit);
    const kind =
      isSurrogate(unit) || alone.test(character) ? ALONE : letter.test(character) ? LETTER : BETWEEN;
    this.#kinds[unit] = kind;
    return kind;
  }
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
