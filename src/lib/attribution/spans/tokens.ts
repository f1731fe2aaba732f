/** A text as words and marks, each with where it stands. White space is nothing but what parts them. */
export interface Tokens {
  readonly words: readonly string[];
  /** UTF-16 offsets of each word, and where it ends. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** Letters of scripts that write without spaces, where each counts as a word. */
const alone =
  '[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}]';
const token = new RegExp(`${alone}\\p{M}*|(?:(?!${alone})[\\p{L}\\p{M}\\p{N}_])+|\\S`, 'gu');
const saying = /[\p{L}\p{N}]/u;

/** Words as they are written: an exact match is one of case and accents, too. */
export function tokensOf(text: string): Tokens {
  const words: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  for (const match of text.matchAll(token)) {
    words.push(match[0]);
    starts.push(match.index);
    ends.push(match.index + match[0].length);
  }
  return { words, starts, ends };
}

/** Whether there is a letter or digit in it: a mark alone says nothing. */
export function isWord(word: string): boolean {
  return saying.test(word);
}
