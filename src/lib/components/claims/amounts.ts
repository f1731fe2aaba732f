/** The smallest units of a coin or token as a decimal number, exact: `0.000421`. */
export function coins(units: bigint, decimals: number): string {
  const digits = units.toString().padStart(decimals + 1, '0');
  const whole = BigInt(digits.slice(0, digits.length - decimals)).toLocaleString('en-US');
  const part = decimals === 0 ? '' : digits.slice(-decimals).replace(/0+$/, '');
  return `${whole}${part && `.${part}`}`;
}

/**
 * What somebody typed as an amount, in the smallest units; undefined where it is none, or has more digits behind the
 * point than the coin has. Commas between thousands are fine.
 */
export function parseCoins(text: string, decimals: number): bigint | undefined {
  const match = /^(\d[\d,]*)?(?:\.(\d*))?$/.exec(text.trim());
  if (!match || text.length > 150) return undefined;
  const [whole = '', part = ''] = [match[1]?.replaceAll(',', ''), match[2]];
  if (whole + part === '' || part.length > decimals) return undefined;
  return BigInt(whole + part.padEnd(decimals, '0'));
}
