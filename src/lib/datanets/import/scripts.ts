/** How writing systems stand on lines: which have blanks between words, which run from the right. */

/** Of East Asian width, Hangul apart: no blank stands between two of these. */
const WIDE =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Bopomofo}\\u30fc\\u3000-\\u303f\\uff01-\\uff9f';
/** Scripts besides that are written without blanks between words. */
const UNSPACED = '\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Tibetan}';

const WIDE_BEFORE = new RegExp(`[${WIDE}]$`, 'u');
const WIDE_AFTER = new RegExp(`^[${WIDE}]`, 'u');
const UNSPACED_BEFORE = new RegExp(`[${WIDE}${UNSPACED}]$`, 'u');
const UNSPACED_AFTER = new RegExp(`^[${WIDE}${UNSPACED}]`, 'u');

/** Letters that run from the right: Hebrew, Arabic and their kin (bidirectional classes R and AL). */
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/gu;
const LETTERS = /\p{L}/gu;

/** Whether a line break between two texts stands for nothing, as browsers have it (CSS Text, segment breaks). */
export function isWideBreak(before: string, after: string): boolean {
  return WIDE_BEFORE.test(before.slice(-2)) && WIDE_AFTER.test(after.slice(0, 2));
}

/** Whether words of these two texts are written without a blank between them. */
export function isUnspaced(before: string, after: string): boolean {
  return UNSPACED_BEFORE.test(before.slice(-2)) && UNSPACED_AFTER.test(after.slice(0, 2));
}

/** Of the letters of a text, the share that run from the right: 0 to 1. */
export function rightToLeftShare(text: string): number {
  const fromRight = text.match(RIGHT_TO_LEFT)?.length ?? 0;
  return fromRight === 0 ? 0 : fromRight / (text.match(LETTERS)?.length ?? 1);
}

export function hasRightToLeft(text: string): boolean {
  return text.search(RIGHT_TO_LEFT) >= 0;
}
