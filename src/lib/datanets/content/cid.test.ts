import fc from 'fast-check';
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { sha256 } from 'multiformats/hashes/sha2';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { canonicalJson } from '../canonical';
import type { Row, RowContent } from '../row';
import { cidOfDigest, cidOfText, rowCid, rowContent, rowDigest } from './cid';

const text = fc.string({ unit: 'grapheme' });
const content: fc.Arbitrary<RowContent> = fc.oneof(
  fc.record({ text }),
  fc.record({ messages: fc.array(fc.record({ role: text, content: text })) })
);

/** The same by way of the library's own hasher and codec, which are asynchronous. */
async function byMultiformats(value: unknown): Promise<string> {
  const bytes = raw.encode(new TextEncoder().encode(canonicalJson(value)));
  return CID.createV1(raw.code, await sha256.digest(bytes)).toString();
}

describe('CIDs of rows', () => {
  it('are what multiformats makes of the canonical content', async () => {
    await fc.assert(
      fc.asyncProperty(content, async (value) => {
        expect(rowCid(value)).toBe(await byMultiformats(value));
        expect(cidOfText(canonicalJson(value))).toBe(rowCid(value));
      }),
      fuzz(50)
    );
  });

  it('stay the same for good: one known by heart', () => {
    // base 32 of 01 55 12 20 and the SHA-256 of the bytes {"text":"row"}
    expect(rowCid({ text: 'row' })).toBe('bafkreifxta3qlqw6megkts2wj5n3ajmsaywve2eosmappiff42k5dyv44y');
  });

  it('are of the words alone: contributor, source, tags and stray fields do not count', () => {
    const row = {
      messages: [{ role: 'user', content: 'a', at: '12:00', weight: 1 }],
      contributor: 'Ann',
      source: 's',
      tags: ['t'],
      drafted: true
    };
    expect(rowContent(row as unknown as Row)).toEqual({ messages: [{ role: 'user', content: 'a' }] });
    expect(rowCid(rowContent({ text: 'a', contributor: 'Ann' }))).toBe(rowCid({ text: 'a' }));
  });

  it('hold the digest', () => {
    fc.assert(
      fc.property(content, (value) => {
        expect(CID.parse(rowCid(value)).multihash.digest).toEqual(rowDigest(value));
        expect(cidOfDigest(rowDigest(value))).toBe(rowCid(value));
      }),
      fuzz(100)
    );
  });
});
