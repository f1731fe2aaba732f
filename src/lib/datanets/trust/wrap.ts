import { TabtuneError } from '../../errors';
import { fromBase64Url, toBase64Url } from './base64url';
import { didOfKey, publicKeyOf } from './did-key';
import type { Identity } from './identity';
import type { WrappedKey } from './statements';

/** A data key was not wrapped for this person, or its wrapping was altered. */
export class CannotUnwrapError extends TabtuneError {}

const ALGORITHM = 'ECDH-ES+A256KW';
const DATA_KEY = { name: 'AES-GCM', length: 256 } as const;
const DATA_KEY_USES: KeyUsage[] = ['encrypt', 'decrypt'];
const ECDH = { name: 'ECDH', namedCurve: 'P-256' } as const;

/**
 * A fresh AES-256-GCM key that nothing can export, and the same wrapped for its maker, which is the only form of it
 * that is kept.
 * @param agreement `did:key` of the maker's agreement key
 */
export async function createDataKey(agreement: string): Promise<{ key: CryptoKey; wrapped: WrappedKey }> {
  const exportable = await crypto.subtle.generateKey(DATA_KEY, true, DATA_KEY_USES);
  const wrapped = await wrapKey(exportable, agreement);
  const raw = await crypto.subtle.exportKey('raw', exportable);
  const key = await crypto.subtle.importKey('raw', raw, DATA_KEY, false, DATA_KEY_USES);
  new Uint8Array(raw).fill(0);
  return { key, wrapped };
}

/**
 * Wraps a data key so that one person alone can unwrap it: ECDH-ES+A256KW of RFC 7518 §4.6 with an ephemeral key of
 * its own and empty party information, so that any JOSE library can do the other half.
 * @param key AES-256, exportable
 * @param agreement `did:key` of that person's agreement key
 */
export async function wrapKey(key: CryptoKey, agreement: string): Promise<WrappedKey> {
  const [theirs, ephemeral] = await Promise.all([
    publicKeyOf(agreement, 'agreement'),
    crypto.subtle.generateKey(ECDH, false, ['deriveBits'])
  ]);
  const wrapping = await wrappingKey(ephemeral.privateKey, theirs, 'wrapKey');
  const value = await crypto.subtle.wrapKey('raw', key, wrapping, 'AES-KW');
  return {
    algorithm: ALGORITHM,
    ephemeral: await didOfKey(ephemeral.publicKey),
    value: toBase64Url(new Uint8Array(value))
  };
}

/**
 * The data key that was wrapped for this person: for use, not for export.
 * @throws CannotUnwrapError
 */
export function unwrapKey(wrapped: WrappedKey, identity: Identity): Promise<CryptoKey> {
  return unwrap(wrapped, identity, false);
}

/**
 * Wraps a data key that was wrapped for this person for somebody else, too. In between it is in no variable that
 * leaves this function.
 * @throws CannotUnwrapError
 */
export async function rewrapKey(
  wrapped: WrappedKey,
  identity: Identity,
  agreement: string
): Promise<WrappedKey> {
  return wrapKey(await unwrap(wrapped, identity, true), agreement);
}

async function unwrap(wrapped: WrappedKey, identity: Identity, exportable: boolean): Promise<CryptoKey> {
  try {
    const ephemeral = await publicKeyOf(wrapped.ephemeral, 'agreement');
    const wrapping = await wrappingKey(identity.agreement.privateKey, ephemeral, 'unwrapKey');
    const value = fromBase64Url(wrapped.value);
    return await crypto.subtle.unwrapKey(
      'raw',
      value,
      wrapping,
      'AES-KW',
      DATA_KEY,
      exportable,
      DATA_KEY_USES
    );
  } catch (cause) {
    throw new CannotUnwrapError(
      `The data key is not one that was wrapped for "${identity.person.name}" in this browser, or it was altered.`,
      { details: { person: identity.person.id }, cause }
    );
  }
}

/** The AES-KW key that two ECDH keys agree on. */
async function wrappingKey(
  mine: CryptoKey,
  theirs: CryptoKey,
  use: 'wrapKey' | 'unwrapKey'
): Promise<CryptoKey> {
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, mine, 256));
  const bits = await concatKdf(shared, { algorithm: ALGORITHM, bits: 256 });
  shared.fill(0);
  return crypto.subtle.importKey('raw', bits, 'AES-KW', false, [use]);
}

/**
 * The Concat KDF of NIST SP 800-56A §5.8.1 with SHA-256 as RFC 7518 §4.6.2 uses it.
 * @param options `algorithm` is AlgorithmID, `bits` the length of the key (up to 256: one round), `apu` and `apv` the
 * party information, empty by default
 */
export async function concatKdf(
  shared: Uint8Array,
  {
    algorithm,
    bits,
    apu = new Uint8Array(),
    apv = new Uint8Array()
  }: { algorithm: string; bits: number; apu?: Uint8Array; apv?: Uint8Array }
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = [
    bigEndian32(1),
    shared,
    ...withLength(new TextEncoder().encode(algorithm)),
    ...withLength(apu),
    ...withLength(apv),
    bigEndian32(bits)
  ];
  const input = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    input.set(part, at);
    at += part.length;
  }
  const digest = await crypto.subtle.digest('SHA-256', input);
  return new Uint8Array(digest, 0, bits / 8);
}

function withLength(data: Uint8Array): Uint8Array[] {
  return [bigEndian32(data.length), data];
}

function bigEndian32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
