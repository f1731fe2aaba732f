import type { TextFinding } from '../check';

/** A name that says a secret comes, an assignment, and a value: `api_key = "…"`, `"password": "…"`, `TOKEN=…`. */
const ASSIGNMENT =
  /(?<name>(?:api|secret|access|private|encryption|account)[_-]?key|secret|token|passwd|password|passwort|pwd)["'`]?\s{0,4}(?::=|=>|=|:)\s{0,4}(?:Bearer )?(?<quote>["'`]?)(?<secret>[^\s"'`<>,;]{6,256})/dgi;

/** `Authorization: Bearer …` */
const BEARER = /\bBearer\s{1,4}(?<secret>[A-Za-z0-9_.~+/-]{20,512}={0,2})/dg;

/** Values that stand for a secret: templates, examples, references. */
const PLACEHOLDER =
  /^(?:\$|%|\{|\[|\(|<|\*|x{4,}|\.{3})|(?:your|my|example|sample|changeme|placeholder|redacted|dummy|insert|enter|todo|fixme|hidden|masked)|\*{3}|\.{3}|…|\(|process\.env|os\.environ|getenv|^(?:none|null|undefined|true|false|required|optional|string|secret|password|token)\b|^[a-z]+(?:[._-][a-z]+)+$|^https?:/i;

/** Bits a character below which a value is a word, a name or a pattern rather than chosen at random. */
const MIN_ENTROPY = 3;

/** Passwords are short; keys are not. */
const MIN_PASSWORD = 8;
const MIN_KEY = 16;

const PASSWORD_NAME = /(?:passwd|password|passwort|pwd)$/i;

/** Values that are given to names such as `api_key` and `password`, where they look like what the name says. */
export function findAssignments(text: string): TextFinding[] {
  const found: TextFinding[] = [];
  for (const pattern of [ASSIGNMENT, BEARER]) {
    for (const match of text.matchAll(pattern)) {
      const { secret, name = 'token', quote = '' } = match.groups ?? {};
      // In prose the full stop behind is the sentence's; between quotes it is the secret's.
      const value = quote === '' ? secret.replace(/[.:!?)\]}]{1,8}$/, '') : secret;
      const start = match.indices?.groups?.['secret'][0] ?? match.index;
      if (!looksSecret(value, PASSWORD_NAME.test(name), quote !== '')) continue;
      found.push({
        start,
        end: start + value.length,
        severity: 'error',
        kind: 'assigned-secret',
        message: 'A value that is called a key, a token or a password.',
        mask: '[secret]'
      });
    }
  }
  return found
    .sort((a, b) => a.start - b.start)
    .filter(({ start }, i, all) => i === 0 || start >= all[i - 1].end);
}

function looksSecret(value: string, password: boolean, quoted: boolean): boolean {
  if (PLACEHOLDER.test(value)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  if (password) {
    // In prose, `password: something` is a word; a password that stands there has at least digits or signs in it.
    return value.length >= MIN_PASSWORD && kinds >= (quoted ? 2 : 3) && entropy(value) >= MIN_ENTROPY - 0.5;
  }
  return value.length >= MIN_KEY && kinds >= 2 && /\d/.test(value) && entropy(value) >= MIN_ENTROPY;
}

/** Shannon entropy of a text's characters, in bits a character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum - (n / text.length) * Math.log2(n / text.length), 0);
}
