import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '$lib/datanets/checks/finding';
import { fuzz } from '../../../../../tests/support/fuzz';
import { markFindings, parseTags, rowFields, rowLines } from './row-words';

const found = (field: string, start: number, end: number): Finding => ({
  check: 'personal-data',
  severity: 'warning',
  row: 0,
  message: 'An e-mail address',
  span: { field, start, end }
});

describe('a row in a list', () => {
  it('shows what is asked and what is answered, past the system prompt', () => {
    const content = {
      messages: [
        { role: 'system', content: 'Be kind' },
        { role: 'user', content: 'Who\n looks  after the light?' },
        { role: 'assistant', content: 'Edda Thorne' }
      ]
    };
    expect(rowLines(content)).toEqual({ first: 'Who looks after the light?', second: 'Edda Thorne' });
    expect(rowFields(content)[2]).toEqual({
      field: 'messages.2.content',
      role: 'assistant',
      text: 'Edda Thorne'
    });
  });

  it('shows how a text begins, and never all of a long one', () => {
    expect(rowLines({ text: 'Title\nand so on' })).toEqual({ first: 'Title', second: 'and so on' });
    expect(rowLines({ text: 'x'.repeat(1e6) }).first.length).toBeLessThan(300);
    expect(rowLines({ text: '' })).toEqual({ first: '', second: '' });
    expect(rowLines({ messages: [] })).toEqual({ first: '', second: '' });
  });
});

describe('findings in a text', () => {
  it('mark their characters, overlaps marked with both', () => {
    const pieces = markFindings('abcdef', 'text', [
      found('text', 1, 4),
      found('text', 3, 5),
      found('other', 0, 1)
    ]);
    expect(pieces.map(({ text, findings }) => [text, findings.length])).toEqual([
      ['a', 0],
      ['bc', 1],
      ['d', 2],
      ['e', 1],
      ['f', 0]
    ]);
  });

  it('lose nothing of the text, wherever spans lie', () => {
    const span = fc.tuple(fc.integer({ min: -5, max: 60 }), fc.integer({ min: -5, max: 60 }));
    fc.assert(
      fc.property(fc.string(), fc.array(span, { maxLength: 8 }), (text, spans) => {
        const pieces = markFindings(
          text,
          'text',
          spans.map(([start, end]) => found('text', start, end))
        );
        expect(pieces.map((piece) => piece.text).join('')).toBe(text);
      }),
      fuzz(100)
    );
  });
});

describe('tags', () => {
  it('are what stands between commas, each once', () => {
    expect(parseTags(' harbour, #light,,harbour ,  old  rules')).toEqual(['harbour', 'light', 'old rules']);
    expect(parseTags(' ')).toEqual([]);
  });
});
