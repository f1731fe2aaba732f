import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import type { Row } from '../../datanets/row';
import { SpanIndex } from './span-index';
import { spanScores } from './span-scores';
import { suffixArray } from './suffix-array';
import { tokensOf } from './tokens';

const chat = (question: string, answer: string): Row => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer }
  ]
});

describe('words with their places', () => {
  it('are parted by white space and marks, and found where they stand', () => {
    const text = 'It costs 11 florins,\n  don’t ask.';
    const { words, starts, ends } = tokensOf(text);
    expect(words).toEqual(['It', 'costs', '11', 'florins', ',', 'don', '’', 't', 'ask', '.']);
    expect(words.map((_, i) => text.slice(starts[i], ends[i]))).toEqual(words);
  });

  it('are single letters where a script puts no spaces, and whole where marks belong to letters', () => {
    expect(tokensOf('港に stays 静か').words).toEqual(['港', 'に', 'stays', '静', 'か']);
    expect(tokensOf('e\u0301tude 👩 ok').words).toEqual(['e\u0301tude', '👩', 'ok']);
  });
});

describe('the order of suffixes', () => {
  it('equals that of plain sorting, whatever the text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }).chain((letters) =>
          fc.record({
            letters: fc.constant(letters),
            text: fc.array(fc.integer({ min: 0, max: letters - 1 }), { maxLength: 120 })
          })
        ),
        async ({ letters, text }) => {
          const compare = (a: number, b: number) => {
            for (let k = 0; ; k++) {
              if (a + k >= text.length) return -1;
              if (b + k >= text.length) return 1;
              if (text[a + k] !== text[b + k]) return text[a + k] - text[b + k];
            }
          };
          const expected = text.map((_, i) => i).sort((a, b) => (a === b ? 0 : compare(a, b)));
          expect([...(await suffixArray(Int32Array.from(text), letters))]).toEqual(expected);
        }
      ),
      fuzz(300)
    );
  });

  it('can be stopped', async () => {
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(suffixArray(new Int32Array(10), 1, { signal: stopped })).rejects.toThrow('enough');
  });
});

/** All runs of at least three words of an answer that stand in some row and in no longer run: by looking everywhere. */
function slowSpans(rows: string[][], answer: string[]): string[] {
  const stands = (part: string[]) =>
    rows.some((row) => row.some((_, at) => part.every((word, i) => row[at + i] === word)));
  const found: [number, number][] = [];
  for (let from = 0; from < answer.length; from++) {
    let to = from;
    while (to < answer.length && stands(answer.slice(from, to + 1))) to += 1;
    if (to - from >= 3) found.push([from, to]);
  }
  return found
    .filter(([from, to]) => !found.some(([a, b]) => (a < from && b >= to) || (a <= from && b > to)))
    .map(([from, to]) => answer.slice(from, to).join(' '));
}

describe('spans of an answer', () => {
  it('are the longest ones, none within another, as a search of everything finds them', async () => {
    const sentence = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(fc.array(sentence, { maxLength: 5 }), sentence, async (rows, answer) => {
        const index = await SpanIndex.build(rows.map((row) => ({ text: row.join(' ') })));
        const text = answer.join(' ');
        const spans = index.match(text);
        expect(spans.map(({ start, end }) => text.slice(start, end))).toEqual(slowSpans(rows, answer));
        for (const { start, end, rows: found } of spans) {
          const part = text.slice(start, end);
          const having = rows.flatMap((row, i) => (` ${row.join(' ')} `.includes(` ${part} `) ? [i] : []));
          expect(found).toEqual(having);
        }
      }),
      fuzz(300)
    );
  });

  it('are shown where they stand, across white space and not across messages', async () => {
    const rows = [
      chat('What does mooring cost?', 'Mooring costs   eleven florins a day.'),
      chat('Who rings eleven', 'florins a day'),
      chat('And fog?', 'One stroke.')
    ];
    const index = await SpanIndex.build(rows);
    const answer = 'It costs eleven florins a day!';
    const spans = index.match(answer);
    expect(spans.map(({ start, end }) => answer.slice(start, end))).toEqual(['costs eleven florins a day']);
    expect(spans[0]).toMatchObject({ words: 5, rows: [0] });
    const [place] = index.placesIn(0, 'costs eleven florins a day');
    expect(place).toEqual({ message: 1, start: 8, end: 36 });
    expect(index.placesIn(1, 'costs eleven florins a day')).toEqual([]);
  });

  it('say more where words are rarer', async () => {
    const index = await SpanIndex.build([
      { text: 'this is the way and this is the end' },
      { text: 'brindle moors at pelhaven' }
    ]);
    const [common] = index.match('this is the');
    const [rare] = index.match('moors at pelhaven');
    expect(rare.bits).toBeGreaterThan(common.bits);
  });

  it('are none of an empty Datanet, an empty answer, or words that nobody wrote', async () => {
    expect((await SpanIndex.build([])).match('one two three')).toEqual([]);
    const index = await SpanIndex.build([{ text: 'one two three four' }]);
    expect(index.match('')).toEqual([]);
    expect(index.match('five six seven')).toEqual([]);
    expect(index.match('. . . . .')).toEqual([]);
  });

  it('score rows by what they share with the answers of questions, not with the questions', async () => {
    const rows = [chat('Who?', 'The clerk rings at noon.'), chat('The clerk rings when?', 'Never again.')];
    const queries = [chat('Never again, or?', 'I think the clerk rings at noon.')];
    const { values } = await spanScores(queries, rows);
    expect(values[0]).toBeGreaterThan(0);
    // "clerk rings" are two words only.
    expect(values[1]).toBe(0);
  });
});
