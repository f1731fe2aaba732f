/** Numbers as people type them: with digits of their own script, and a point or a comma before the decimals. */

/** Code points of the zeros of the scripts whose digits keyboards have: Arabic, Persian, Hindi, Bengali, Thai, full width. */
const zeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10];

/** Text with its digits as 0 to 9, without the blanks around it. */
export function plainDigits(text: string): string {
  return text.trim().replaceAll(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    const zero = zeros.find((each) => code >= each && code < each + 10);
    return zero === undefined ? digit : String(code - zero);
  });
}

/**
 * A decimal number; NaN where the text is none. `1,000` is one thousand to one reader and one to another: it is
 * none either, while `0,002` and `12,5` mean the same to all.
 */
export function readDecimal(text: string): number {
  const plain = plainDigits(text).replace('٫', '.');
  if (isAmbiguous(plain)) return Number.NaN;
  const number = plain.replace(',', '.');
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(number) ? Number(number) : Number.NaN;
}

/** A whole number from 0 on; undefined where the text is none. */
export function readWhole(text: string): number | undefined {
  const plain = plainDigits(text);
  return /^\d{1,15}$/.test(plain) ? Number(plain) : undefined;
}

/** Whether the one comma of a number may stand before thousands as well as before decimals. */
export function isAmbiguous(number: string): boolean {
  return /^[+-]?[1-9]\d{0,2},\d{3}$/.test(number);
}
