import type { TextFinding } from '../check';

/** The first line of a private key in the armour of RFC 7468, and of OpenSSH and PGP, who use the same. */
const BEGIN = /-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----/g;
const END = /-----END (?:[A-Z]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----/;

/** What a key is written in: base64, line ends (as such, or escaped in a string), and the headers of older ones. */
const BODY = /[A-Za-z0-9+/=\s\\:,."-]*/y;

/** Longer than the armour of any key. */
const MAX_KEY = 20_000;

/** Less than this is the mention of a key, not one. */
const MIN_BODY = 40;

/** Private keys, whole or cut off at the end. */
export function findPrivateKeys(text: string): TextFinding[] {
  const found: TextFinding[] = [];
  let after = 0;
  for (const { 0: begin, index: start } of text.matchAll(BEGIN)) {
    if (start < after) continue;
    const rest = text.slice(start + begin.length, start + MAX_KEY);
    const last = END.exec(rest);
    BODY.lastIndex = 0;
    const body = last ? rest.slice(0, last.index) : (BODY.exec(rest)?.[0] ?? '').trimEnd();
    if (body.trim().length < MIN_BODY || body.includes('...')) continue;
    after = start + begin.length + body.length + (last?.[0].length ?? 0);
    found.push({
      start,
      end: after,
      severity: 'error',
      kind: 'private-key',
      message: 'A private key.',
      mask: '[private key]'
    });
  }
  return found;
}
