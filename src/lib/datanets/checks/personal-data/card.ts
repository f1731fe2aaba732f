import type { TextFinding } from '../check';
import { digitRuns } from './digit-runs';

/**
 * Issuers by the first digits of a number and its lengths (ISO/IEC 7812; the ranges that the networks publish). Each
 * range is of first numbers `from` to `to`, both as many digits long.
 */
const ISSUERS: readonly { from: number; to: number; lengths: readonly number[] }[] = [
  { from: 4, to: 4, lengths: [13, 16, 19] }, // Visa
  { from: 51, to: 55, lengths: [16] }, // Mastercard
  { from: 2221, to: 2720, lengths: [16] }, // Mastercard
  { from: 34, to: 34, lengths: [15] }, // American Express
  { from: 37, to: 37, lengths: [15] }, // American Express
  { from: 6011, to: 6011, lengths: [16, 19] }, // Discover
  { from: 644, to: 659, lengths: [16, 19] }, // Discover
  { from: 3528, to: 3589, lengths: [16, 19] }, // JCB
  { from: 300, to: 305, lengths: [14] }, // Diners Club
  { from: 36, to: 36, lengths: [14] }, // Diners Club
  { from: 38, to: 39, lengths: [14] }, // Diners Club
  { from: 62, to: 62, lengths: [16, 17, 18, 19] }, // UnionPay
  { from: 5018, to: 5018, lengths: [16, 19] }, // Maestro
  { from: 5020, to: 5020, lengths: [16, 19] }, // Maestro
  { from: 6759, to: 6759, lengths: [16, 18, 19] }, // Maestro
  { from: 2200, to: 2204, lengths: [16, 19] } // Mir
];

/** Groups of digits as cards and forms print them. */
const GROUPINGS = new Set(['4-4-4-4', '4-4-4-4-3', '4-6-5', '4-6-4', '6-13', '4-4-4-1', '8-8']);

/** Numbers of payment cards: an issuer's range and length, grouped as on a card, with a right check digit. */
export function findCards(text: string): TextFinding[] {
  const found: TextFinding[] = [];
  for (const run of digitRuns(text)) {
    if (run.groups.length > 1 && !GROUPINGS.has(run.groups.join('-'))) continue;
    if (run.plus || !/^(?:\d+|\d+(?: \d+)+|\d+(?:-\d+)+)$/.test(text.slice(run.start, run.end))) continue;
    if (!hasIssuer(run.digits) || !passesLuhn(run.digits)) continue;
    // `4.`, `1,` before or behind: part of a decimal number.
    if (/[.,]$/.test(text.slice(Math.max(0, run.start - 1), run.start))) continue;
    if (/^[.,]\d/.test(text.slice(run.end, run.end + 2))) continue;
    found.push({
      start: run.start,
      end: run.end,
      severity: 'error',
      kind: 'card',
      message: 'The number of a payment card.',
      mask: '[card]'
    });
  }
  return found;
}

function hasIssuer(digits: string): boolean {
  return ISSUERS.some(({ from, to, lengths }) => {
    const first = Number(digits.slice(0, String(from).length));
    return first >= from && first <= to && lengths.includes(digits.length);
  });
}

/** The check digit of ISO/IEC 7812-1, annex B (Luhn, 1960). */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
  }
  // All zeros, or one digit over and over, passes and is nobody's.
  return sum % 10 === 0 && !/^(\d)\1*$/.test(digits);
}
