import { describe, expect, it } from 'vitest';
import { shortId } from './short-id';

describe('an identifier in a line', () => {
  it('keeps its kind, its beginning and its end, by which two people compare it', () => {
    expect(shortId('did:key:zDnaeTiq1PdzvZXUaMdezchcMJQpBdH2VN4pgrrEhMCCbmwSb')).toBe(
      'did:key:zDnaeT…CbmwSb'
    );
    expect(shortId(`0x${'ab'.repeat(32)}`)).toBe('0xababab…ababab');
    expect(shortId('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')).toBe('bafkre…4s52zy');
  });

  it('leaves a plain name whole', () => {
    expect(shortId('Ines Marrow')).toBe('Ines Marrow');
    expect(shortId('')).toBe('');
  });
});
