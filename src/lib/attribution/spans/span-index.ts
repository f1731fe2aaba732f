import { textsOf } from '../../datanets/checks/texts';
import { Pace, type PaceOptions } from '../../datanets/pace';
import type { Row } from '../../datanets/row';
import { suffixArray } from './suffix-array';
import { isWord, tokensOf } from './tokens';

/** Words of an answer that stand in rows exactly as they stand there, as many in a row as there are. */
export interface MatchedSpan {
  /** UTF-16 offsets in the answer. */
  readonly start: number;
  readonly end: number;
  /** Words, marks not counted. */
  readonly words: number;
  /** Sum over the words of -log2 of how often each stands in the Datanet: what everybody writes says little. */
  readonly bits: number;
  /** Rows with it, in their order. */
  readonly rows: readonly number[];
}

/** Where a span stands in a row. */
export interface SpanPlace {
  /** 0 for running text. */
  readonly message: number;
  /** UTF-16 offsets in the text of the message. */
  readonly start: number;
  readonly end: number;
}

/** Words of a span, at least: two words follow each other by chance, three seldom. */
const leastWords = 3;

/**
 * Finds the longest parts of an answer that stand word for word in a Datanet, as OLMoTrace does (Liu et al. 2025, arXiv
 * 2504.07096, section 3): all rows as one list of words in the order of its suffixes; for each word of the answer, the
 * longest match that begins there lies beside the place that binary search gives; those within another are left out.
 *
 * What matches may be coincidence or common speech, and what a model learned need not match: this says where words are,
 * not what made the model say them.
 */
export class SpanIndex {
  /** Number of each word. */
  readonly #numbers: ReadonlyMap<string, number>;
  /** How often each word stands in the rows, by its number. */
  readonly #counts: Int32Array;
  /** Words of all texts by number; each text ends with a number of its own that no word has. */
  readonly #words: Int32Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #suffixes: Int32Array;
  /** Where each text begins in `#words`, and whose it is. */
  readonly #texts: readonly { first: number; row: number; message: number }[];

  private constructor(
    corpus: Corpus,
    suffixes: Int32Array,
    readonly rows: number
  ) {
    this.#numbers = corpus.numbers;
    this.#words = corpus.words;
    this.#starts = corpus.starts;
    this.#ends = corpus.ends;
    this.#texts = corpus.texts;
    this.#suffixes = suffixes;
    this.#counts = new Int32Array(corpus.numbers.size);
    for (const word of corpus.words) if (word < this.#counts.length) this.#counts[word] += 1;
  }

  /** @throws the abort reason */
  static async build(rows: readonly Row[], options: PaceOptions = {}): Promise<SpanIndex> {
    const corpus = await readCorpus(rows, options);
    const letters = corpus.numbers.size + corpus.texts.length;
    const { signal } = options;
    return new SpanIndex(
      corpus,
      await suffixArray(corpus.words, letters, signal ? { signal } : {}),
      rows.length
    );
  }

  /** Spans that are not within one another, in the answer's order. */
  match(answer: string): MatchedSpan[] {
    const { words, starts, ends } = tokensOf(answer);
    const numbers = words.map((word) => this.#numbers.get(word) ?? -1);
    const spans: MatchedSpan[] = [];
    let reached = 0;
    for (let i = 0; i < numbers.length; i++) {
      const length = this.#longestMatch(numbers, i);
      // Ends never go back: what begins later and reaches no further lies within what was found before.
      if (i + length <= reached) continue;
      reached = i + length;
      const [first, last] = trimmed(words, i, reached);
      const said = words.slice(first, last).filter(isWord);
      if (said.length < leastWords) continue;
      const rows = new Set(this.#places(numbers.slice(first, last)).map(({ row }) => row));
      spans.push({
        start: starts[first],
        end: ends[last - 1],
        words: said.length,
        bits: said.reduce((sum, word) => sum + this.#bitsOf(word), 0),
        rows: [...rows].sort((a, b) => a - b)
      });
    }
    return spans;
  }

  /** Where a part of an answer stands in one row. */
  placesIn(row: number, part: string): SpanPlace[] {
    const numbers = tokensOf(part).words.map((word) => this.#numbers.get(word) ?? -1);
    return this.#places(numbers)
      .filter((place) => place.row === row)
      .map(({ message, start, end }) => ({ message, start, end }))
      .sort((a, b) => a.message - b.message || a.start - b.start);
  }

  #bitsOf(word: string): number {
    const total = this.#words.length - this.#texts.length;
    return -Math.log2(this.#counts[this.#numbers.get(word)!] / total);
  }

  /** How many words from `from` on stand somewhere in the rows. The suffixes that share most are neighbours in their order. */
  #longestMatch(numbers: readonly number[], from: number): number {
    const wanted = numbers.slice(from);
    const at = this.#firstNotBefore(wanted);
    return Math.max(this.#shared(at - 1, wanted), this.#shared(at, wanted));
  }

  #places(wanted: readonly number[]): (SpanPlace & { row: number })[] {
    const places: (SpanPlace & { row: number })[] = [];
    for (let at = this.#firstNotBefore(wanted); this.#shared(at, wanted) === wanted.length; at++) {
      const first = this.#suffixes[at];
      const { row, message } = this.#textAt(first);
      places.push({
        row,
        message,
        start: this.#starts[first],
        end: this.#ends[first + wanted.length - 1]
      });
    }
    return places;
  }

  /** The first place in the order of suffixes whose suffix does not come before `wanted`. */
  #firstNotBefore(wanted: readonly number[]): number {
    let [low, high] = [0, this.#suffixes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isBefore(middle, wanted)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isBefore(at: number, wanted: readonly number[]): boolean {
    const shared = this.#shared(at, wanted);
    if (shared === wanted.length) return false;
    const next = this.#suffixes[at] + shared;
    return next >= this.#words.length || this.#words[next] < wanted[shared];
  }

  /** Words that a suffix and `wanted` begin with together. */
  #shared(at: number, wanted: readonly number[]): number {
    if (at < 0 || at >= this.#suffixes.length) return 0;
    const first = this.#suffixes[at];
    let length = 0;
    while (length < wanted.length && this.#words[first + length] === wanted[length]) length += 1;
    return length;
  }

  #textAt(word: number): { row: number; message: number } {
    let [low, high] = [0, this.#texts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#texts[middle].first <= word) low = middle;
      else high = middle - 1;
    }
    return this.#texts[low];
  }
}

interface Corpus {
  numbers: Map<string, number>;
  words: Int32Array;
  starts: Int32Array;
  ends: Int32Array;
  texts: { first: number; row: number; message: number }[];
}

async function readCorpus(rows: readonly Row[], options: PaceOptions): Promise<Corpus> {
  const pace = new Pace(options);
  const numbers = new Map<string, number>();
  const words: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const texts: Corpus['texts'] = [];
  for (const [row, content] of rows.entries()) {
    for (const [message, { text }] of textsOf(content).entries()) {
      texts.push({ first: words.length, row, message });
      const tokens = tokensOf(text);
      for (const [i, word] of tokens.words.entries()) {
        const number = numbers.get(word) ?? numbers.size;
        numbers.set(word, number);
        words.push(number);
        starts.push(tokens.starts[i]);
        ends.push(tokens.ends[i]);
      }
      // The end of a text: numbered below, where it is known how many words there are.
      words.push(-1);
      starts.push(text.length);
      ends.push(text.length);
    }
    if (pace.due) await pace.breathe(row, rows.length);
  }
  pace.finish(rows.length);
  let end = numbers.size;
  const numbered = Int32Array.from(words, (word) => (word < 0 ? end++ : word));
  return { numbers, words: numbered, starts: Int32Array.from(starts), ends: Int32Array.from(ends), texts };
}

/** Without marks at both ends: a full stop is no part of what was said. */
function trimmed(words: readonly string[], first: number, end: number): [number, number] {
  let [from, to] = [first, end];
  while (from < to && !isWord(words[from])) from += 1;
  while (to > from && !isWord(words[to - 1])) to -= 1;
  return [from, to];
}
