import { isAmbiguous, plainDigits } from '$lib/components/read-number';

/** The smallest units of a coin or token as a decimal number, exact: `0.000421`. */
export function coins(units: bigint, decimals: number): string {
  const digits = units.toString().padStart(decimals + 1, '0');
  const whole = BigInt(digits.slice(0, digits.length - decimals)).toLocaleString('en-US');
  const part = decimals === 0 ? '' : digits.slice(-decimals).replace(/0+$/, '');
  return `${whole}${part && `.${part}`}`;
}

/**
 * What somebody typed as an amount, in the smallest units; undefined where it is none, or has more digits behind the
 * point than the coin has. Commas stand between thousands or not at all, and not alone: `1,500` is one and a half to
 * some, and `0,5` is half a coin, not five.
 */
export function parseCoins(text: string, decimals: number): bigint | undefined {
  const typed = plainDigits(text);
  const match = /^(\d+|\d{1,3}(?:,\d{3})+)?(?:\.(\d*))?$/.exec(typed);
  if (!match || text.length > 150 || isAmbiguous(typed)) return undefined;
  const [whole = '', part = ''] = [match[1]?.replaceAll(',', ''), match[2]];
  if (whole + part === '' || part.length > decimals) return undefined;
  return BigInt(whole + part.padEnd(decimals, '0'));
}
