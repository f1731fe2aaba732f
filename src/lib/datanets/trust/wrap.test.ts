import { beforeAll, describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from './base64url';
import { createIdentity, type Identity } from './identity';
import { CannotUnwrapError, concatKdf, createDataKey, rewrapKey, unwrapKey, wrapKey } from './wrap';

const AES = { name: 'AES-GCM', length: 256 };
const utf8 = (text: string) => new TextEncoder().encode(text);

let ada: Identity;
let bo: Identity;
let cy: Identity;

beforeAll(async () => {
  [ada, bo, cy] = await Promise.all([createIdentity('Ada'), createIdentity('Bo'), createIdentity('Cy')]);
});

/** Whether what one key encrypts, the other decrypts. */
async function same(a: CryptoKey, b: CryptoKey): Promise<boolean> {
  const iv = new Uint8Array(12);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, a, utf8('rows'));
  const opened = await crypto.subtle
    .decrypt({ name: 'AES-GCM', iv }, b, sealed)
    .catch(() => new ArrayBuffer(0));
  return new TextDecoder().decode(opened) === 'rows';
}

describe('concatKdf', () => {
  it('derives the key of RFC 7518, Appendix C', async () => {
    const jwk = (x: string, y: string, d?: string) => ({
      kty: 'EC',
      crv: 'P-256',
      x,
      y,
      ...(d ? { d } : {})
    });
    const ecdh = { name: 'ECDH', namedCurve: 'P-256' };
    const ephemeral = await crypto.subtle.importKey(
      'jwk',
      jwk(
        'gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0',
        'SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps',
        '0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo'
      ),
      ecdh,
      false,
      ['deriveBits']
    );
    const bob = await crypto.subtle.importKey(
      'jwk',
      jwk('weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ', 'e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck'),
      ecdh,
      false,
      []
    );
    const shared = new Uint8Array(
      await crypto.subtle.deriveBits({ name: 'ECDH', public: bob }, ephemeral, 256)
    );
    expect([...shared.slice(0, 4), shared[31]]).toEqual([158, 86, 217, 29, 196]);
    const key = await concatKdf(shared, {
      algorithm: 'A128GCM',
      bits: 128,
      apu: utf8('Alice'),
      apv: utf8('Bob')
    });
    expect(toBase64Url(key)).toBe('VqqN6vgjbSBcIijNcacQGg');
  });
});

describe('a wrapped data key', () => {
  it('is the same key for the one it is wrapped for, who can use and not export it', async () => {
    const key = await crypto.subtle.generateKey(AES, true, ['encrypt', 'decrypt']);
    const wrapped = await wrapKey(key, bo.person.agreement);
    const unwrapped = await unwrapKey(wrapped, bo);
    expect(await same(key, unwrapped)).toBe(true);
    expect(unwrapped.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', unwrapped)).rejects.toThrow();
  });

  it('is closed to everybody else, and to the one it is wrapped for after any change', async () => {
    const { wrapped } = await createDataKey(bo.person.agreement);
    await expect(unwrapKey(wrapped, cy)).rejects.toThrow(CannotUnwrapError);
    await expect(unwrapKey(wrapped, ada)).rejects.toThrow('wrapped for "Ada"');
    const bytes = fromBase64Url(wrapped.value);
    for (let at = 0; at < bytes.length; at += 1) {
      const value = toBase64Url(bytes.with(at, bytes[at] ^ 1));
      await expect(unwrapKey({ ...wrapped, value }, bo)).rejects.toThrow(CannotUnwrapError);
    }
    const { wrapped: another } = await createDataKey(bo.person.agreement);
    await expect(unwrapKey({ ...wrapped, ephemeral: another.ephemeral }, bo)).rejects.toThrow(
      CannotUnwrapError
    );
    await expect(unwrapKey({ ...wrapped, ephemeral: 'did:key:zDnx' }, bo)).rejects.toThrow(CannotUnwrapError);
  });

  it('never looks the same twice', async () => {
    const key = await crypto.subtle.generateKey(AES, true, ['encrypt', 'decrypt']);
    const [a, b] = await Promise.all([wrapKey(key, bo.person.agreement), wrapKey(key, bo.person.agreement)]);
    expect(a.value).not.toBe(b.value);
    expect(a.ephemeral).not.toBe(b.ephemeral);
  });

  it('can be wrapped on for one more person by who holds it, and by nobody else', async () => {
    const { key, wrapped } = await createDataKey(ada.person.agreement);
    expect(key.extractable).toBe(false);
    const granted = await rewrapKey(wrapped, ada, bo.person.agreement);
    expect(await same(key, await unwrapKey(granted, bo))).toBe(true);
    await expect(unwrapKey(granted, cy)).rejects.toThrow(CannotUnwrapError);
    await expect(rewrapKey(wrapped, cy, cy.person.agreement)).rejects.toThrow(CannotUnwrapError);
  });
});
