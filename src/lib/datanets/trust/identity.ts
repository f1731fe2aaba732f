import { didOfKey } from './did-key';
import type { Person } from './statements';

/**
 * A person and their keys, of this browser. The private keys are CryptoKeys that nothing can export: they go into
 * IndexedDB by structured clone and are used only through WebCrypto.
 */
export interface Identity {
  person: Person;
  /** ECDSA over P-256: who the person is. */
  signing: CryptoKeyPair;
  /** ECDH over P-256: what data keys are wrapped for. */
  agreement: CryptoKeyPair;
}

/** Makes a new person. Two with the same name are two people. */
export async function createIdentity(name: string): Promise<Identity> {
  const [signing, agreement] = await Promise.all([
    crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']),
    crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits'])
  ]);
  const person: Person = {
    id: await didOfKey(signing.publicKey),
    name,
    agreement: await didOfKey(agreement.publicKey)
  };
  return { person, signing, agreement };
}
