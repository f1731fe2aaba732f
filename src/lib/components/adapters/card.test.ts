import { describe, expect, it } from 'vitest';
import { cardBody } from './card';

describe('a model card for people', () => {
  it('has no metadata in front', () => {
    expect(cardBody('---\nlicense: mit\n---\n\n# Card\n\n---\n')).toBe('\n# Card\n\n---\n');
    expect(cardBody('---\r\na: b\r\n---\r\nText')).toBe('Text');
  });

  it('is whole where there is none, and ends where nobody reads on', () => {
    expect(cardBody('# Card\n---\n')).toBe('# Card\n---\n');
    expect(cardBody('---\nnever ends')).toBe('---\nnever ends');
    expect(cardBody('x'.repeat(1_000_000))).toHaveLength(100_000);
  });
});
