import { addApart, checkTexts, type TextFinding } from '../check';
import { findAssignments } from './assignments';
import { findPrivateKeys } from './private-keys';
import { SECRET_PATTERNS, type SecretPattern } from './patterns';

/** A run of one letter or of x's, as documentation writes where a key would be. */
const EXAMPLE = /(.)\1{9}|x{6}|\.{3}/i;

/** Keys, tokens and passwords in one text, by the forms that issuers give them and by the names they are given to. */
export function findSecrets(text: string): TextFinding[] {
  const known = SECRET_PATTERNS.filter(({ hint }) => text.includes(hint)).map((pattern) =>
    matchesOf(text, pattern)
  );
  return [findPrivateKeys(text), ...known, findAssignments(text)].reduce(addApart, []);
}

function matchesOf(text: string, { kind, name, pattern, mask }: SecretPattern): TextFinding[] {
  const found: TextFinding[] = [];
  for (const match of text.matchAll(pattern)) {
    const [start, end] = match.indices?.groups?.['secret'] ?? [match.index, match.index + match[0].length];
    if (EXAMPLE.test(text.slice(start, Math.min(end, start + 300)))) continue;
    found.push({ start, end, severity: 'error', kind, message: `${name}.`, mask });
  }
  return found;
}

/** Keys and passwords. Whoever reads the row can use them until they are changed. */
export const checkSecrets = checkTexts('secret', ({ text }) => findSecrets(text));
