import { TabtuneError } from '../../errors';
import type { Finding } from './finding';
import { ownTextsOf } from './texts';
import type { Row } from '../row';

/** Tells the language of a text as ISO 639-1 (`en`), or undefined where it cannot be sure. */
export type LanguageDetector = (text: string) => string | undefined;

/** The tables of languages could not be loaded. */
export class LanguageTablesError extends TabtuneError {}

/** Letters below which a text is too short to tell languages apart. */
const MIN_LETTERS = 40;

/** Characters that are looked at: more of the same text does not change the answer. */
const MAX_LENGTH = 500;

/** Letters of all characters that are no spaces, below which a text is code, links or numbers more than prose. */
const PROSE_SHARE = 0.75;

/** Languages so near to one another that the tables confuse them, or that have a code for their family. */
const FAMILIES: readonly (readonly string[])[] = [
  ['no', 'nb', 'nn', 'da'],
  ['hr', 'sr', 'bs'],
  ['ms', 'id'],
  ['cs', 'sk'],
  ['gl', 'pt', 'es', 'ca'],
  ['tl', 'fil']
];

/** Code, addresses, marks and numbers: what is of no language. */
const NO_LANGUAGE =
  /```[\s\S]{0,20000}?(?:```|$)|`[^`\n]{1,200}`|https?:\/\/\S{1,2000}|<[^<>]{1,200}>|[^\p{L}\p{M}\s'’.,!?-]+/gu;

/**
 * Loads the detector (n-gram tables of 60 languages).
 * @throws LanguageTablesError where the site or the network does not give them.
 */
export async function languageDetector(): Promise<LanguageDetector> {
  const tables = await import('eld/extrasmall').catch((cause: unknown) => {
    throw new LanguageTablesError(
      'The tables that tell languages apart could not be loaded. Check the connection, or check rows without "language".',
      { cause }
    );
  });
  const detector = tables.eld.newInstance();
  return (text) => {
    const shown = text.slice(0, MAX_LENGTH);
    const words = shown.replace(NO_LANGUAGE, ' ');
    const letters = words.match(/\p{L}/gu)?.length ?? 0;
    const marks = shown.match(/\S/gu)?.length ?? 0;
    if (letters < lettersNeeded(words) || letters < PROSE_SHARE * marks) return undefined;
    const result = detector.detect(words);
    return result.language !== '' && result.isReliable() ? result.language : undefined;
  };
}

/** The language of a row as a whole. */
export function languageOf(row: Row, detect: LanguageDetector): string | undefined {
  let text = '';
  for (const part of ownTextsOf(row)) {
    text += `${part.slice(0, MAX_LENGTH)}\n`;
    if (text.length >= MAX_LENGTH) break;
  }
  return detect(text);
}

/**
 * A row in another language than the Datanet's.
 * @param language of the row, where it could be told.
 * @param expected BCP 47. Region and script are not told apart.
 */
export function checkLanguage(key: number, language: string | undefined, expected: string): Finding[] {
  const wanted = expected.split('-')[0].toLowerCase();
  if (language === undefined || wanted === '' || sameLanguage(language, wanted)) return [];
  return [
    {
      check: 'language',
      severity: 'warning',
      row: key,
      kind: language,
      message: `The row seems to be in ${nameOf(language)}, and the Datanet is in ${nameOf(wanted)}.`
    }
  ];
}

/** A character of Chinese or Japanese says as much as several letters. */
function lettersNeeded(text: string): number {
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(text)
    ? MIN_LETTERS / 4
    : MIN_LETTERS;
}

function sameLanguage(a: string, b: string): boolean {
  return a === b || FAMILIES.some((family) => family.includes(a) && family.includes(b));
}

function nameOf(language: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(language) ?? language;
  } catch {
    // Not a tag of a language at all.
    return `"${language}"`;
  }
}
