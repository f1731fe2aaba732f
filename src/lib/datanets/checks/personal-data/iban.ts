import type * as IbanTools from 'ibantools';
import type { TextFinding } from '../check';

/** A country, two check digits, and the beginning of an account: where an IBAN may start. */
const START = /(?<![\p{L}\p{N}])[A-Z]{2}\d{2}(?=[ \u00a0-]?[A-Z0-9])/giu;

/**
 * IBANs, written together or in groups: as many letters and digits as the country's have, and its checks (ISO 13616:
 * structure, modulo 97, and the check digits of national accounts). What comes behind in capitals stays outside.
 */
export function findIbans(text: string, iban: typeof IbanTools): TextFinding[] {
  const found: TextFinding[] = [];
  let after = 0;
  for (const { 0: head, index: start } of text.matchAll(START)) {
    const length = iban.countrySpecs[head.slice(0, 2).toUpperCase()]?.chars;
    if (!length || start < after) continue;
    const end = endOf(text, start, length);
    if (end === undefined) continue;
    const plain = text
      .slice(start, end)
      .replace(/[ \u00a0-]/g, '')
      .toUpperCase();
    if (!iban.isValidIBAN(plain)) continue;
    after = end;
    found.push({
      start,
      end,
      severity: 'error',
      kind: 'iban',
      message: 'The number of a bank account (IBAN).',
      mask: '[IBAN]'
    });
  }
  return found;
}

/** Where `length` letters and digits end that start at `start`, single spaces or hyphens between them. */
function endOf(text: string, start: number, length: number): number | undefined {
  let count = 0;
  let i = start;
  for (; count < length; i += 1) {
    if (/[A-Za-z0-9]/.test(text[i] ?? '')) count += 1;
    else if (!/[ \u00a0-]/.test(text[i] ?? '') || !/[A-Za-z0-9]/.test(text[i + 1] ?? '')) return undefined;
  }
  return /[\p{L}\p{N}]/u.test(text[i] ?? ' ') ? undefined : i;
}
