import { TabtuneError } from '../../errors';

/** Text that should be base64url is not, or is not the one way to write its bytes. */
export class InvalidBase64UrlError extends TabtuneError {}

/** Bytes at a time given to `fromCharCode`, which takes them as arguments. */
const PIECE = 0x8000;

/** Base64url without padding (RFC 4648 §5). */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * The bytes of a base64url text without padding. Only the one canonical text of some bytes is taken (RFC 4648 §3.5:
 * unused bits are zero), so that no character of it can change without the bytes changing.
 */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
    throw new InvalidBase64UrlError('A value is not base64url: it was damaged or cut short.');
  }
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  if (toBase64Url(bytes) !== text) {
    throw new InvalidBase64UrlError('A value is not canonical base64url: its last character was changed.');
  }
  return bytes;
}
