import { p256 } from '@noble/curves/nist.js';
import { base58btc } from 'multiformats/bases/base58';
import { TabtuneError } from '../../errors';

/** A text is not the `did:key` of a P-256 public key. */
export class InvalidDidError extends TabtuneError {}

/** Multicodec 0x1200, p256-pub, as a varint. */
const P256_PUB = [0x80, 0x24] as const;
/** A compressed point: 2 or 3 for the sign of y, then x. */
const POINT_BYTES = 33;
/** Every P-256 `did:key` begins so, and has this many characters: both follow from its first bytes. */
const SHAPE = /^did:key:zDn[1-9A-HJ-NP-Za-km-z]{46}$/;

/** Whether a text has the shape of a P-256 `did:key`. Whether its point lies on the curve, `publicKeyOf` finds out. */
export function isDidKey(text: string): boolean {
  return SHAPE.test(text);
}

/**
 * The `did:key` of a P-256 public key (W3C CCG, "The did:key Method": multibase base58btc of the multicodec and the
 * compressed point).
 */
export async function didOfKey(key: CryptoKey): Promise<string> {
  const whole = new Uint8Array(await crypto.subtle.exportKey('raw', key));
  const point = p256.Point.fromBytes(whole).toBytes(true);
  return `did:key:${base58btc.encode(Uint8Array.of(...P256_PUB, ...point))}`;
}

/**
 * The public key behind a `did:key`: for `verify`, or as the other side of an ECDH agreement. WebCrypto does not have
 * to import compressed points, and browsers do not, so the point is made whole first.
 */
export async function publicKeyOf(did: string, use: 'signing' | 'agreement'): Promise<CryptoKey> {
  const point = wholePoint(did);
  return crypto.subtle.importKey(
    'raw',
    point,
    { name: use === 'signing' ? 'ECDSA' : 'ECDH', namedCurve: 'P-256' },
    true,
    use === 'signing' ? ['verify'] : []
  );
}

/** The uncompressed point of a `did:key`. */
function wholePoint(did: string): Uint8Array<ArrayBuffer> {
  const refuse = (reason: string, cause?: unknown) =>
    new InvalidDidError(`"${did.slice(0, 80)}" is not the did:key of a P-256 key: ${reason}.`, {
      details: { did: did.slice(0, 80), reason },
      cause
    });
  if (!isDidKey(did)) throw refuse('it has another form');
  const bytes = base58btc.decode(did.slice('did:key:'.length));
  if (
    bytes.length !== P256_PUB.length + POINT_BYTES ||
    bytes[0] !== P256_PUB[0] ||
    bytes[1] !== P256_PUB[1]
  ) {
    throw refuse('it holds a key of another kind');
  }
  try {
    return new Uint8Array(p256.Point.fromBytes(bytes.subarray(P256_PUB.length)).toBytes(false));
  } catch (cause) {
    throw refuse('its point is not on the curve', cause);
  }
}
