import fc from 'fast-check';
import { Marked } from 'marked';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectLinear, expectQuick, processorTime, repeated } from '../../../../tests/support/cost';
import { fuzz } from '../../../../tests/support/fuzz';
import { markdownReader } from './markdown';
import { HeavyMarkdownError, MAX_LENGTH } from './markdown-bounds';

const reader = markdownReader(Marked);

/** What is read, or undefined where it is refused. */
function read(text: string): string | undefined {
  try {
    return reader.parse(text);
  } catch (error) {
    if (!(error instanceof HeavyMarkdownError)) throw error;
    return undefined;
  }
}

/** What is repeated, with what stands before and after it. Each was slow in some reader of Markdown. */
const PIECES: [piece: string, before?: string, after?: string][] = [
  ['_', '', 'x]) *_'],
  ['*', '', 'x'],
  ['a*'],
  ['*a_ '],
  ['a**b'],
  ['*a**b_c__ '],
  ['_a'],
  [' *a'],
  ['**a *b '],
  ['~', '', 'a'],
  ['~a '],
  ['~_a'],
  ['['],
  ['[a]('],
  ['!['],
  ['[a]['],
  [']'],
  ['[]'],
  ['[a](<b'],
  ['(', '[a]'],
  ['[a](b "'],
  ['*[a](b'],
  ['_[`'],
  ['[*'],
  ['`'],
  ['`a'],
  ['`a``b```'],
  ['<'],
  ['<a '],
  [' b="c"', '<a'],
  ['<!--'],
  ['-', '<!--'],
  ['<?'],
  ['<![CDATA['],
  ['</a'],
  ['<http:'],
  ['\\'],
  ['&'],
  ['&amp;'],
  ['>', '', 'a'],
  ['> ', '', 'a'],
  ['> a\n'],
  ['> - ', '', 'a'],
  ['- ', '', 'a'],
  ['- a\n'],
  ['1. ', '', 'a'],
  ['- a\n #'],
  ['* a\n\n'],
  ['- [ ] a\n'],
  ['- a\n===\n'],
  ['  - a\n'],
  ['|c|d|\n', '|a|b|\n|-|-|\n'],
  ['|'],
  ['-|', 'a|b\n'],
  ['a\n-|-\n'],
  ['# a\n'],
  ['#'],
  [' ', '# ', '#'],
  [' ', 'a', '\nb'],
  ['\n', '', 'x'],
  ['\t', '> ', 'x'],
  ['```\n'],
  ['~~~ '],
  ['[a]: b\n'],
  ['[a]:\n'],
  ['[a]: <b'],
  ['http://a'],
  ['www.a'],
  ['&a;', 'http://a'],
  [')', 'http://a'],
  ['a@b'],
  ['a.', '', '@'],
  ['a-', '', '@a.'],
  ['0', '', 'a@'],
  ['a  \n'],
  ['a\\\n'],
  ['a\n=\n'],
  ['***\n'],
  ['* * * '],
  ['<div>\n'],
  ['é*']
];

describe('Markdown of any text', () => {
  // What is compiled on the way is no cost of the text.
  beforeAll(() => {
    const usual = 'A *b* [c](d) `e` _f_ <g>\n\n- h\n- i\n\n> j\n\n|k|l|\n|-|-|\n|1|2|\n\n```\nm\n```\n';
    for (let i = 0; i < 200; i++) reader.parse(usual);
  });

  it.each(PIECES)('takes no longer than its length says: %j', async (piece, before = '', after = '') => {
    await expectLinear(JSON.stringify(piece), MAX_LENGTH / 2, (size) => {
      read(before + repeated(piece, size - before.length - after.length) + after);
    });
  });

  it.each(PIECES)('takes less than a second at its largest: %j', async (piece, before = '', after = '') => {
    const text = (size: number) => before + repeated(piece, size) + after;
    let largest = MAX_LENGTH / 2;
    while (read(text(largest)) === undefined) largest *= 0.75;
    await expectQuick(JSON.stringify(piece), () => read(text(largest)));
  });

  it('of many columns makes no table that is larger than itself', async () => {
    await expectLinear('a wide table', 4000, (size) =>
      read(`${'|a'.repeat(size)}|\n${'|-'.repeat(size)}|\n${'|\n'.repeat(size / 8)}`)
    );
    const rows = (count: number) => `|a|b|\n|-|-|\n${'|c|d|\n'.repeat(count)}`;
    expect(read(rows(1500))).toContain('<td>c</td>');
    expect(read(`${'|a'.repeat(300)}|\n${'|-'.repeat(300)}|\n${'|\n'.repeat(300)}`)).toBeUndefined();
  });

  it('of pieces at random ends soon', async () => {
    const pieces = PIECES.map(([piece]) => piece);
    const some = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(some, { minLength: 1, maxLength: 3 }), async (groups) => {
        const length = MAX_LENGTH / groups.length;
        const text = groups.map((group) => repeated(group.join(''), length)).join('');
        expect(await processorTime(() => read(text))).toBeLessThan(2000);
      }),
      fuzz(60)
    );
  });
});

describe('Markdown as people write it', () => {
  it('is read: a long card, a long list, a long table, a rule, deep lists', () => {
    const paragraph = `${'Some words and *more* of them, with `code` and a [link](https://example.org/a_b). '.repeat(8)}\n\n`;
    expect(read(paragraph.repeat(90))).toContain('<em>more</em>');
    expect(read(`- an item of a list, with **words**\n`.repeat(1000))).toContain('<strong>words</strong>');
    expect(read('- '.repeat(40))).toContain('<hr>');
    expect(read('- a\n  - b\n    - c\n      - d\n        - e\n')).toContain('<li>e');
    expect(read('> > > quoted')).toContain('quoted');
    expect(read(`${'one paragraph without an end '.repeat(1000)} *a*`)).toContain('<em>a</em>');
  });

  it('is refused by what is too much of it, and says so', () => {
    const why = (text: string) => {
      try {
        reader.parse(text);
        return 'read';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(why('a'.repeat(MAX_LENGTH + 1))).toMatch('more than 65536 characters');
    expect(why('a\n'.repeat(2001))).toMatch('more than 2000 lines');
    expect(why(`a\n\n${'> '.repeat(9)}a`)).toMatch('line 3 begins more than 8 quotes and lists');
    expect(why(`${'_'.repeat(40_000)}x]) *_`)).toBe(
      'The text is not laid out as Markdown: it has too many marks of emphasis, links and code. It is shown as it was written.'
    );
    expect(why(Array.from({ length: 40 }, (_, i) => `${' '.repeat(2 * i)}- a\n`).join(''))).toMatch(
      'nests more than 24 deep'
    );
  });
});
