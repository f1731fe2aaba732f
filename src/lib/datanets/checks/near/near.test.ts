import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../../tests/support/fuzz';
import { Random } from '../../random';
import { bandingFor } from './bands';
import { MinHash, PERMUTATIONS } from './minhash';
import { NearIndex } from './near-index';
import { ShingleSets } from './shingle-sets';
import { jaccard, SHINGLE_WORDS, Shingler } from './shingles';

/** Texts of made-up words. Words of a small and a large vocabulary, so that unlike texts share some of their shingles. */
function writer(seed: number) {
  const random = new Random(seed, 77);
  const word = () =>
    Array.from({ length: 2 + random.below(7) }, () => String.fromCharCode(97 + random.below(26))).join('');
  const vocabulary = Array.from({ length: 5000 }, word);
  const pick = () => vocabulary[random.below(random.below(4) === 0 ? 5000 : 200)];
  return {
    random,
    words: (count: number) => Array.from({ length: count }, pick),
    /** The words with some changed, added and taken away, each edit somewhere at random. */
    edited(words: string[], edits: number): string[] {
      const copy = [...words];
      for (let i = 0; i < edits; i += 1) {
        const at = random.below(copy.length);
        const kind = random.below(3);
        if (kind === 0) copy[at] = pick();
        else if (kind === 1) copy.splice(at, 0, pick());
        else copy.splice(at, 1);
      }
      return copy;
    }
  };
}

/** The similarity as its definition has it, on the words themselves: what the index should agree with. */
function trueSimilarity(a: string[], b: string[]): number {
  const set = (words: string[]) =>
    new Set(words.slice(SHINGLE_WORDS - 1).map((_, i) => words.slice(i, i + SHINGLE_WORDS).join(' ')));
  const [left, right] = [set(a), set(b)];
  const shared = [...left].filter((shingle) => right.has(shingle)).length;
  return shared / (left.size + right.size - shared);
}

describe('near duplicates', () => {
  it('finds at least 95 % of planted pairs from 0.8 on, and hardly anything below', () => {
    const { words, edited, random } = writer(5);
    const texts: string[][] = [];
    const partners: number[] = [];
    // 1,000 pairs, of which edits leave similarities around 0.5 to 0.95.
    for (let i = 0; i < 1000; i += 1) {
      const original = words(60 + random.below(240));
      const copy = edited(
        original,
        Math.max(1, Math.round(original.length * (0.006 + 0.11 * ((i % 100) / 100))))
      );
      partners.push(texts.length + 1, texts.length);
      texts.push(original, copy);
    }
    const shingler = new Shingler();
    const index = new NearIndex(0.8);
    const found = new Set<string>();
    texts.forEach((text, row) => {
      for (const match of index.add(shingler.of({ text: text.join(' ') }))) found.add(`${match.row} ${row}`);
    });
    const planted = texts.flatMap((text, row) => {
      const other = partners[row];
      return other < row ? [{ pair: `${other} ${row}`, similarity: trueSimilarity(texts[other], text) }] : [];
    });
    const alike = planted.filter(({ similarity }) => similarity >= 0.8);
    const right = alike.filter(({ pair }) => found.has(pair)).length;
    const recall = right / alike.length;
    const precision = right / found.size;
    process.stdout.write(
      `near duplicates at 0.8: ${texts.length} texts, ${alike.length} of ${planted.length} planted pairs alike, recall ${recall.toFixed(4)}, precision ${precision.toFixed(4)}\n`
    );
    // The set is a fair question: enough on both sides, and enough close to the line.
    expect(alike.length).toBeGreaterThan(200);
    expect(planted.length - alike.length).toBeGreaterThan(200);
    expect(planted.filter(({ similarity }) => Math.abs(similarity - 0.8) < 0.05).length).toBeGreaterThan(50);
    expect(recall).toBeGreaterThanOrEqual(0.95);
    expect(precision).toBeGreaterThanOrEqual(0.95);
  });

  it('takes 20,000 rows of 2 KB in seconds', { timeout: 60_000 }, () => {
    const { words, edited } = writer(6);
    const texts: string[][] = [];
    for (let i = 0; i < 20_000; i += 1) texts.push(i % 10 === 9 ? edited(texts[i - 1], 8) : words(330));
    const rows = texts.map((text) => ({ text: text.join(' ') }));
    const start = performance.now();
    const shingler = new Shingler();
    const index = new NearIndex();
    const found = rows.reduce((sum, row) => sum + index.add(shingler.of(row)).length, 0);
    const seconds = (performance.now() - start) / 1000;
    process.stdout.write(
      `near duplicates: 20,000 rows of ${Math.round(rows[0].text.length / 100) / 10} kB in ${seconds.toFixed(1)} s, ${found} pairs\n`
    );
    expect(found).toBeGreaterThan(1900);
    // A laptop needs about two; the bound is for a busy machine.
    expect(seconds).toBeLessThan(40);
  });

  it('is not drowned by rows that are all written to one template', { timeout: 30_000 }, () => {
    const { words } = writer(7);
    const template = words(200);
    const index = new NearIndex();
    const shingler = new Shingler();
    const start = performance.now();
    for (let i = 0; i < 1000; i += 1) {
      index.add(shingler.of({ text: [...template, ...words(80)].join(' ') }));
    }
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('compares words, whatever their case, marks and form, and single characters of scripts without spaces', () => {
    const shingler = new Shingler();
    const of = (text: string) => shingler.of({ text });
    expect(jaccard(of('The quick, brown FOX jumps!'), of('the quick brown fox (jumps)'))).toBe(1);
    expect(jaccard(of('Ｔｈｅ ｑｕｉｃｋ ｆｏｘ'), of('the quick fox'))).toBe(1);
    expect(jaccard(of('caf\u00e9 au lait'), of('cafe\u0301 au lait'))).toBe(1);
    expect(of('今日は良い天気です')).toHaveLength(9 - SHINGLE_WORDS + 1);
    expect(jaccard(of('今日は良い天気です'), of('今日は良い天気でした'))).toBeGreaterThan(0.5);
    expect(of('')).toHaveLength(0);
    expect(of('one two')).toHaveLength(1);
    expect(new NearIndex().add(of(' ... '))).toEqual([]);
  });

  it("tells rows apart by what is said, not by the system's turn that all share", () => {
    const shingler = new Shingler();
    const chat = (question: string, answer: string) => ({
      messages: [
        {
          role: 'system',
          content: 'You are a patient and friendly clerk of the town hall who answers in whole sentences.'
        },
        { role: 'user', content: question },
        { role: 'assistant', content: answer }
      ]
    });
    const index = new NearIndex();
    index.add(shingler.of(chat('When is the market?', 'On Tuesdays, from seven.')));
    expect(index.add(shingler.of(chat('Who is the mayor?', 'That is Ada Marsh now.')))).toEqual([]);
    expect(index.add(shingler.of(chat('When is the market?', 'On Tuesdays, from seven!')))).toEqual([
      { row: 0, similarity: 1 }
    ]);
  });
});

describe('what it is made of', () => {
  const sets = fc
    .uniqueArray(fc.integer({ min: -40, max: 40 }), { maxLength: 40 })
    .map((list) => Int32Array.from(list).sort());

  it('jaccard is shared over all, as sets have it', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const shared = a.filter((value) => b.includes(value)).length;
        const all = new Set([...a, ...b]).size;
        expect(jaccard(a, b)).toBeCloseTo(all === 0 ? 0 : shared / all, 12);
      }),
      fuzz(100)
    );
  });

  it('signatures agree as often as sets are alike', () => {
    const minHash = new MinHash();
    const { random } = writer(9);
    const errors: number[] = [];
    for (let i = 0; i < 200; i += 1) {
      const all = Int32Array.from({ length: 300 }, () => random.next() | 0);
      const [from, to] = [random.below(100), 200 + random.below(100)];
      const [a, b] = [all.slice(0, to).sort(), all.slice(from).sort()];
      const [left, right] = [new Int32Array(PERMUTATIONS), new Int32Array(PERMUTATIONS)];
      minHash.sign(a, left);
      minHash.sign(b, right);
      const agree = left.filter((value, p) => value === right[p]).length / PERMUTATIONS;
      errors.push(agree - jaccard(a, b));
    }
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    // No leaning to either side, and no worse than independent functions would be (0.044 at one half).
    expect(Math.abs(mean)).toBeLessThan(0.012);
    expect(deviation).toBeLessThan(0.055);
  });

  it.each([0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1])(
    'bands find a pair at %f but for one in two hundred',
    (threshold) => {
      const { bands, rows } = bandingFor(threshold, PERMUTATIONS);
      expect(bands * rows).toBeLessThanOrEqual(PERMUTATIONS);
      expect(1 - (1 - threshold ** rows) ** bands).toBeGreaterThanOrEqual(0.995);
    }
  );

  it('keeps sets as they were, over the ends of pages and larger than one', () => {
    const kept = new ShingleSets();
    const lengths = [0, 1, 700_000, 700_000, 1_500_000, 3, ...Array.from({ length: 3000 }, (_, i) => i % 5)];
    lengths.forEach((length, i) => kept.add(new Int32Array(length).fill(i)));
    expect(kept.count).toBe(lengths.length);
    lengths.forEach((length, i) => {
      const set = kept.get(i);
      expect(set.length).toBe(length);
      expect(set.every((value) => value === i)).toBe(true);
    });
  });
});
