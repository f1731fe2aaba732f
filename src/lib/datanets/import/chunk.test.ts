import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { TextBreaker, type ChunkOptions } from './chunk';
import { DocumentChunker } from './chunk-document';
import { MappingError } from './errors';

const breaker = new TextBreaker();
const cut = (text: string, options: ChunkOptions) => [...breaker.chunks(text, options)];
const texts = (text: string, options: ChunkOptions) =>
  cut(text, options).map(({ start, end }) => text.slice(start, end));

describe('chunks of a text', () => {
  const text = fc
    .array(
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 30 }),
        fc.constantFrom(
          'A sentence. ',
          'word ',
          '\n\n',
          '\n',
          '👩‍👩‍👧',
          '🏳️‍🌈',
          'é',
          'e\u0301\u0302',
          '。',
          ' \u0301',
          '👍🏽'
        )
      ),
      { maxLength: 60 }
    )
    .map((parts) => parts.join('').toWellFormed());
  const options = fc
    .tuple(fc.integer({ min: 16, max: 120 }), fc.integer({ min: 0, max: 100 }))
    .map(([size, percent]) => ({ size, overlap: Math.floor((size * percent) / 200) }));

  it('cover it without gaps, are no longer than asked, and overlap by no more than asked', () => {
    fc.assert(
      fc.property(text, options, (whole, { size, overlap }) => {
        const chunks = cut(whole, { size, overlap });
        expect(chunks[0]?.start ?? 0).toBe(0);
        expect(chunks.at(-1)?.end ?? 0).toBe(whole.length);
        for (const [i, { start, end }] of chunks.entries()) {
          expect(end - start).toBeGreaterThan(0);
          expect(end - start).toBeLessThanOrEqual(size);
          if (i === 0) continue;
          expect(start).toBeLessThanOrEqual(chunks[i - 1].end);
          expect(start).toBeGreaterThan(chunks[i - 1].start);
          expect(chunks[i - 1].end - start).toBeLessThanOrEqual(overlap);
          if (overlap === 0) expect(start).toBe(chunks[i - 1].end);
        }
      }),
      fuzz(300)
    );
  });

  it('never end or begin inside what people count as one character', () => {
    const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
    fc.assert(
      fc.property(text, options, (whole, wanted) => {
        const graphemes = [...segmenter.segment(whole)];
        // One that is longer than a chunk has to be cut somewhere.
        fc.pre(graphemes.every(({ segment }) => segment.length <= wanted.size / 4));
        const bounds = new Set([...graphemes.map(({ index }) => index), whole.length]);
        for (const { start, end } of cut(whole, wanted)) {
          expect(bounds.has(start)).toBe(true);
          expect(bounds.has(end)).toBe(true);
        }
      }),
      fuzz(300)
    );
  });

  it('end at paragraphs, else sentences, else words', () => {
    expect(texts('First one here.\n\nSecond one.', { size: 20, overlap: 0 })).toEqual([
      'First one here.\n\n',
      'Second one.'
    ]);
    expect(texts('First one here. Second one.', { size: 20, overlap: 0 })).toEqual([
      'First one here. ',
      'Second one.'
    ]);
    expect(texts('one two three four five', { size: 16, overlap: 0 })).toEqual([
      'one two three ',
      'four five'
    ]);
    expect(texts('x'.repeat(20), { size: 16, overlap: 0 })).toEqual(['x'.repeat(16), 'xxxx']);
  });

  it('begin the next with whole words of the one before', () => {
    expect(texts('one two three four five', { size: 16, overlap: 8 })).toEqual([
      'one two three ',
      'three four five'
    ]);
  });

  it('cut a character that is longer than a chunk between code points', () => {
    const zalgo = 'a' + '\u{1e944}'.repeat(40);
    expect(texts(zalgo, { size: 16, overlap: 0 }).every((part) => part.isWellFormed())).toBe(true);
  });
});

describe('chunks of a document', () => {
  const options = { size: 100, overlap: 0 };

  it('stop at headings and say where they come from', () => {
    const chunker = new DocumentChunker('book.pdf', options);
    const blocks = [
      { text: 'Preface.', page: 1 },
      { text: 'Part', heading: 1, page: 2 },
      { text: 'Chapter', heading: 2, page: 2 },
      { text: 'Some words.', page: 2 },
      { text: 'More words.', page: 3 },
      { text: 'Next', heading: 2, page: 3 },
      { text: 'The end.', page: 3 }
    ];
    expect([...blocks.flatMap((block) => [...chunker.add(block)]), ...chunker.flush()]).toEqual([
      { text: 'Preface.', source: 'book.pdf, page 1' },
      { text: 'Part\n\nChapter\n\nSome words.\n\nMore words.', source: 'book.pdf, page 2, Part > Chapter' },
      { text: 'Next\n\nThe end.', source: 'book.pdf, page 3, Part > Next' }
    ]);
  });

  it('are the same whether a long section comes in one block or many', () => {
    const paragraphs = Array.from({ length: 400 }, (_, i) => `Paragraph ${i} has a few words in it.`);
    const one = new DocumentChunker('a', options);
    const many = new DocumentChunker('a', options);
    const whole = [...one.add({ text: paragraphs.join('\n\n') }), ...one.flush()];
    const parts = [...paragraphs.flatMap((text) => [...many.add({ text })]), ...many.flush()];
    expect(parts).toEqual(whole);
    expect(whole.map(({ text }) => text).join('\n\n')).toBe(paragraphs.join('\n\n'));
  });

  it.each([
    [{ size: 4, overlap: 0 }, 'A chunk of 4 characters cannot be made'],
    [{ size: 100.5, overlap: 0 }, 'A chunk of 100.5 characters'],
    [{ size: 100, overlap: 51 }, 'An overlap of 51 does not fit chunks of 100'],
    [{ size: 100, overlap: -1 }, 'An overlap of -1']
  ])('are refused where they cannot be: %j', (wrong, message) => {
    expect(() => new DocumentChunker('a', wrong)).toThrow(MappingError);
    expect(() => new DocumentChunker('a', wrong)).toThrow(message);
  });
});
