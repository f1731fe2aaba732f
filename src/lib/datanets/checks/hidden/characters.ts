/** Characters that are not seen, or that change what is seen; by what they do. Code points of Unicode 16. */

/** Opens an embedding or override (ends with PDF) or an isolate (ends with PDI). UAX #9, 2. */
export const BIDI_EMBED = new Set([0x202a, 0x202b, 0x202d, 0x202e]);
export const BIDI_ISOLATE = new Set([0x2066, 0x2067, 0x2068]);
export const PDF = 0x202c;
export const PDI = 0x2069;
export const BIDI_OVERRIDE = new Set([0x202d, 0x202e]);

/** Left-to-right mark, right-to-left mark, Arabic letter mark: they order, and show nothing. */
export const DIRECTION_MARKS = new Set([0x200e, 0x200f, 0x061c]);

export const ZWNJ = 0x200c;
export const ZWJ = 0x200d;
export const ZWSP = 0x200b;

/** Nothing to see, and no script that needs them: word joiner, invisible operators, byte order mark, fillers… */
export const INVISIBLE = new Set([
  0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0x2065, 0x206a,
  0x206b, 0x206c, 0x206d, 0x206e, 0x206f, 0x3164, 0xfeff, 0xffa0
]);

export const BLACK_FLAG = 0x1f3f4;
export const CANCEL_TAG = 0xe007f;

export function isTag(code: number): boolean {
  return code >= 0xe0000 && code <= 0xe007f;
}

export function isVariationSelector(code: number): boolean {
  return (code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xe0100 && code <= 0xe01ef);
}

export function isBidiControl(code: number): boolean {
  return BIDI_EMBED.has(code) || BIDI_ISOLATE.has(code) || code === PDF || code === PDI;
}

/** Control characters other than tab and line ends, interlinear annotation, and what is no character at all. */
export function isControl(code: number): boolean {
  if (code < 0x20) return code !== 0x09 && code !== 0x0a && code !== 0x0d;
  return (code >= 0x7f && code <= 0x9f) || (code >= 0xfff9 && code <= 0xfffb) || (code & 0xfffe) === 0xfffe;
}

/** Scripts whose letters join or stack, where a joiner or non-joiner changes what is written. */
export const JOINING =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Myanmar}\p{Script=Khmer}\p{Script=Nko}\p{Script=Tibetan}]/u;

/** Scripts without spaces, where a zero-width space says where a line may break. */
export const SPACELESS =
  /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Javanese}]/u;

export const RIGHT_TO_LEFT =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/** What a variation selector may follow: emoji and symbols, digits of keycaps, ideographs, Mongolian, Myanmar letters. */
export const VARIED =
  /[\p{Extended_Pictographic}\p{Emoji}\p{S}\p{P}\p{Script=Han}\p{Script=Mongolian}\p{Script=Myanmar}\p{Script=Phags_Pa}]/u;

export const PICTOGRAPH = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\u20e3]/u;
