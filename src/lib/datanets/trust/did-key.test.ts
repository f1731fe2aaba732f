import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import fc from 'fast-check';
import { fromBase64Url, InvalidBase64UrlError, toBase64Url } from './base64url';
import { didOfKey, InvalidDidError, isDidKey, publicKeyOf } from './did-key';

/** Of the did:key specification's test vectors for P-256. */
const VECTOR = 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169';

describe('did:key', () => {
  it.each(['signing', 'agreement'] as const)('names a key for %s, and that key names it', async (use) => {
    const key = await publicKeyOf(VECTOR, use);
    expect(key.type).toBe('public');
    expect(await didOfKey(key)).toBe(VECTOR);
  });

  it('is the same for a generated key and back, many times', async () => {
    for (let i = 0; i < 20; i += 1) {
      const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, [
        'deriveBits'
      ]);
      const did = await didOfKey(pair.publicKey);
      expect(isDidKey(did)).toBe(true);
      const again = await publicKeyOf(did, 'agreement');
      expect(await crypto.subtle.exportKey('jwk', again)).toMatchObject({
        x: (await crypto.subtle.exportKey('jwk', pair.publicKey)).x,
        y: (await crypto.subtle.exportKey('jwk', pair.publicKey)).y
      });
    }
  });

  it.each([
    ['another method', 'did:web:example.org'],
    ['an Ed25519 key', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'],
    ['cut short', VECTOR.slice(0, -1)],
    ['one more character', `${VECTOR}1`],
    ['nothing', '']
  ])('is refused when it is %s', async (_, did) => {
    expect(isDidKey(did)).toBe(false);
    await expect(publicKeyOf(did, 'signing')).rejects.toThrow(InvalidDidError);
  });

  it('is refused when its point is not on the curve, as about half of all are', async () => {
    const outcomes = await Promise.all(
      [...'23456789ABCDEFGHJKLMNPQRSTUVWXYZ'].map((char) =>
        publicKeyOf(VECTOR.slice(0, -1) + char, 'signing').then(
          () => 'key',
          (error: unknown) => (error instanceof InvalidDidError ? 'refused' : String(error))
        )
      )
    );
    expect(new Set(outcomes)).toEqual(new Set(['key', 'refused']));
  });
});

describe('base64url', () => {
  it('gives back all bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect([...fromBase64Url(toBase64Url(bytes))]).toEqual([...bytes]);
      }),
      fuzz(100)
    );
    const long = new Uint8Array(200_000).map((_, i) => i * 7);
    expect(fromBase64Url(toBase64Url(long))).toEqual(long);
  });

  it('takes one text for some bytes and no other', () => {
    expect([...fromBase64Url('AA')]).toEqual([0]);
    for (const text of ['AB', 'AP', 'A', 'AA==', 'A+', 'A/', 'AA\n', ' AA', 'ÄÄ']) {
      expect(() => fromBase64Url(text), text).toThrow(InvalidBase64UrlError);
    }
  });
});
