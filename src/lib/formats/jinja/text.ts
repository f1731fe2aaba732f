/** Python's `str.isspace` for one UTF-16 unit; JavaScript's `\s` differs in U+FEFF, U+0085 and U+001C to U+001F. */
export function isSpace(unit: number): boolean {
  return (
    (unit >= 0x09 && unit <= 0x0d) ||
    (unit >= 0x1c && unit <= 0x20) ||
    unit === 0x85 ||
    unit === 0xa0 ||
    unit === 0x1680 ||
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000
  );
}

/** The first place from `at` on that is no space. */
export function skipSpace(text: string, at: number): number {
  while (at < text.length && isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** `str.strip`, `lstrip`, `rstrip`. @param characters what goes, as a set; space without it */
export function strip(
  text: string,
  characters: string | undefined,
  side: 'left' | 'right' | 'both' = 'both'
): string {
  const set = characters === undefined ? undefined : new Set(characters);
  let [start, end] = [0, text.length];
  // A character beyond 16 bits is two units: it goes whole or not at all.
  const first = () => String.fromCodePoint(text.codePointAt(start)!);
  const last = () => {
    const low = text.charCodeAt(end - 1);
    const pair = low >= 0xdc00 && low <= 0xdfff && end - start > 1;
    const character = pair ? text.slice(end - 2, end) : text[end - 1];
    return [...character].length === 1 ? character : text[end - 1];
  };
  const goes = (character: string) =>
    set ? set.has(character) : character.length === 1 && isSpace(character.charCodeAt(0));
  if (side !== 'right') while (start < end && goes(first())) start += first().length;
  if (side !== 'left') while (end > start && goes(last())) end -= last().length;
  return text.slice(start, end);
}

/** The characters of a text as Python counts them: code points. */
export function characters(text: string): string[] {
  return Array.from(text);
}

/** `len`. */
export function lengthOfText(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length - 1; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = text.charCodeAt(at + 1);
    if (next < 0xdc00 || next > 0xdfff) continue;
    length -= 1;
    at += 1;
  }
  return length;
}

/** `str.split`: at runs of space without a separator. @param most splits at most; negative for all */
export function split(
  text: string,
  separator: string | undefined,
  most: number,
  fromRight = false
): string[] {
  if (separator === undefined) return splitAtSpace(text, most, fromRight);
  const parts = text.split(separator);
  if (most < 0 || parts.length - 1 <= most) return parts;
  return fromRight
    ? [parts.slice(0, parts.length - most).join(separator), ...parts.slice(parts.length - most)]
    : [...parts.slice(0, most), parts.slice(most).join(separator)];
}

function splitAtSpace(text: string, most: number, fromRight: boolean): string[] {
  const words: [number, number][] = [];
  for (let at = skipSpace(text, 0); at < text.length;) {
    const start = at;
    while (at < text.length && !isSpace(text.charCodeAt(at))) at += 1;
    words.push([start, at]);
    at = skipSpace(text, at);
  }
  if (most < 0 || words.length - 1 <= most) return words.map(([start, end]) => text.slice(start, end));
  const cut = fromRight ? words.length - most : most;
  const [alone, joined] = fromRight
    ? [words.slice(cut), words.slice(0, cut)]
    : [words.slice(0, cut), words.slice(cut)];
  const rest = fromRight
    ? strip(text.slice(0, joined[joined.length - 1][1]), undefined, 'right')
    : text.slice(joined[0][0]);
  const list = alone.map(([start, end]) => text.slice(start, end));
  return fromRight ? [rest, ...list] : [...list, rest];
}

/** Where Python ends a line; the separators of ASCII are among them. */
// eslint-disable-next-line no-control-regex
export const LINE_ENDS = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;

/** `str.splitlines`. */
export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines: string[] = [];
  let at = 0;
  for (const end of text.matchAll(LINE_ENDS)) {
    lines.push(text.slice(at, end.index + (keepEnds ? end[0].length : 0)));
    at = end.index + end[0].length;
  }
  if (at < text.length) lines.push(text.slice(at));
  return lines;
}

/** `str.title`: each run of letters begins with a capital. */
export function titleCase(text: string): string {
  return text.replace(/[\p{Lu}\p{Ll}\p{Lt}\p{LC}]+/gu, (word) => {
    const [first, ...rest] = characters(word);
    return first.toUpperCase() + rest.join('').toLowerCase();
  });
}

/** `str.capitalize`. */
export function capitalize(text: string): string {
  const [first = '', ...rest] = characters(text);
  return first.toUpperCase() + rest.join('').toLowerCase();
}

/** Places of a list that a slice takes, as `slice.indices` has them. */
export function sliceIndices(
  length: number,
  start: number | undefined,
  stop: number | undefined,
  step: number
): number[] {
  const bound = (at: number | undefined, whole: number, least: number, most: number) => {
    if (at === undefined) return whole;
    return Math.min(Math.max(at < 0 ? at + length : at, least), most);
  };
  const places: number[] = [];
  if (step > 0) {
    const end = bound(stop, length, 0, length);
    for (let at = bound(start, 0, 0, length); at < end; at += step) places.push(at);
  } else {
    const end = bound(stop, -1, -1, length - 1);
    for (let at = bound(start, length - 1, -1, length - 1); at > end; at += step) places.push(at);
  }
  return places;
}
