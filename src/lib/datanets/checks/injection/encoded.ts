import type { TextFinding } from '../check';

/** Base64 of more than a few words, as one run. */
const RUN = /(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{80,}={0,2}(?![A-Za-z0-9+/_-])/g;

/** Bytes that are decoded to see what a run holds. */
const LOOKED_AT = 1200;

/** Before runs that say what they are: pictures in addresses, keys and certificates in their armour. */
const DECLARED = /(?:;base64,|-----[\s\\nr]{0,4}|integrity=["']?sha\d{3}-|ssh-(?:rsa|ed25519) )$/;

/** Long runs of base64 that hide a text. Those that hold bytes (pictures, keys, digests) are left alone. */
export function findEncodedText(text: string): TextFinding[] {
  const found: TextFinding[] = [];
  for (const { 0: run, index } of text.matchAll(RUN)) {
    if (DECLARED.test(text.slice(Math.max(0, index - 24), index)) || !holdsText(run)) continue;
    found.push({
      start: index,
      end: index + run.length,
      severity: 'warning',
      kind: 'encoded-text',
      message: 'Text in base64, which people do not see through and models do.'
    });
  }
  return found;
}

function holdsText(run: string): boolean {
  const standard = run.slice(0, LOOKED_AT).replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '');
  const whole = standard.slice(0, standard.length - (standard.length % 4));
  // The last character may be half of one: some replacement marks are no reason to call it bytes.
  const decoded = new TextDecoder().decode(
    Uint8Array.from(atob(whole), (character) => character.charCodeAt(0))
  );
  const readable = decoded.match(/[\p{L}\p{N}\p{P}\p{Zs}\n\r\t]/gu)?.length ?? 0;
  const spaces = decoded.match(/\s/g)?.length ?? 0;
  return readable >= 0.97 * [...decoded].length && spaces >= decoded.length / 40;
}
