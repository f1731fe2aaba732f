import { addApart, checkTexts, type TextFinding } from '../check';
import type { Severity } from '../finding';
import * as unicode from './characters';
import { findHomoglyphs } from './homoglyphs';

type HiddenKind =
  'bidi-control' | 'direction-mark' | 'zero-width' | 'tag-character' | 'variation-selector' | 'control';

const WORDS: Record<HiddenKind, { severity: Severity; one: string; many: string }> = {
  'bidi-control': {
    severity: 'error',
    one: 'a control that changes the order in which text is shown',
    many: 'controls that change the order in which text is shown'
  },
  'direction-mark': {
    severity: 'note',
    one: 'an invisible mark of direction',
    many: 'invisible marks of direction'
  },
  'zero-width': { severity: 'warning', one: 'a character without width', many: 'characters without width' },
  'tag-character': {
    severity: 'error',
    one: 'an invisible tag character',
    many: 'invisible tag characters, which can spell a hidden text'
  },
  'variation-selector': {
    severity: 'warning',
    one: 'a variation selector that varies nothing',
    many: 'variation selectors that vary nothing, which can spell a hidden text'
  },
  control: { severity: 'warning', one: 'a control character', many: 'control characters' }
};

/** Any character that could be one of them; most texts hold none. */
const SUSPECT = /\p{Default_Ignorable_Code_Point}|(?![\t\n\r])\p{Cc}|[\ufff9-\ufffb\ufffe\uffff]/u;

/**
 * Characters that hide text, or show it in another order than it has: bidirectional controls (Boucher and Anderson,
 * "Trojan Source", 2021, CVE-2021-42574), zero-width characters, tags (U+E0000…), runs of variation selectors, controls
 * and look-alike letters. What scripts and emoji need of them is left alone.
 */
export function findHidden(text: string): TextFinding[] {
  return addApart(SUSPECT.test(text) ? findRuns(text) : [], findHomoglyphs(text));
}

export const checkHiddenCharacters = checkTexts('hidden-characters', ({ text }) => findHidden(text));

/** Suspects of one kind in a row, as one finding. */
function findRuns(text: string): TextFinding[] {
  const found: TextFinding[] = [];
  const rightToLeft = unicode.RIGHT_TO_LEFT.test(text);
  const paired = rightToLeft ? pairedControls(text) : new Set<number>();
  let run: { kind: HiddenKind; start: number; end: number; count: number } | undefined;
  const finish = () => {
    if (run) found.push(findingOf(run));
    run = undefined;
  };
  let before = -1;
  for (let i = 0; i < text.length;) {
    const code = text.codePointAt(i) ?? 0;
    const size = code > 0xffff ? 2 : 1;
    const skipped = flagLength(text, i, code);
    if (skipped > 0) {
      finish();
      i += skipped;
      before = unicode.CANCEL_TAG;
      continue;
    }
    const after = text.codePointAt(i + size) ?? -1;
    const kind = kindOf(code, { at: i, before, after, rightToLeft, paired });
    if (kind && run?.kind === kind && run.end === i) {
      run.end = i + size;
      run.count += 1;
    } else if (kind) {
      finish();
      run = { kind, start: i, end: i + size, count: 1 };
    }
    before = code;
    i += size;
  }
  finish();
  return found;
}

interface Surroundings {
  at: number;
  before: number;
  after: number;
  rightToLeft: boolean;
  paired: ReadonlySet<number>;
}

/** What is wrong with a character where it stands, if anything. */
function kindOf(
  code: number,
  { at, before, after, rightToLeft, paired }: Surroundings
): HiddenKind | undefined {
  if (code >= 0x20 && code < 0x7f) return undefined;
  if (unicode.isBidiControl(code)) return paired.has(at) ? undefined : 'bidi-control';
  if (unicode.DIRECTION_MARKS.has(code)) return rightToLeft ? undefined : 'direction-mark';
  if (code === unicode.ZWJ) {
    const emoji =
      (is(unicode.PICTOGRAPH, before) || unicode.isVariationSelector(before)) &&
      is(unicode.PICTOGRAPH, after);
    return emoji || is(unicode.JOINING, before) ? undefined : 'zero-width';
  }
  if (code === unicode.ZWNJ) return is(unicode.JOINING, before) ? undefined : 'zero-width';
  if (code === unicode.ZWSP)
    return is(unicode.SPACELESS, before) || is(unicode.SPACELESS, after) ? undefined : 'zero-width';
  if (unicode.INVISIBLE.has(code)) return 'zero-width';
  if (unicode.isTag(code)) return 'tag-character';
  if (unicode.isVariationSelector(code)) return is(unicode.VARIED, before) ? undefined : 'variation-selector';
  return unicode.isControl(code) ? 'control' : undefined;
}

/** Length of the flag of a part of a country (UTS #51, ED-14a) that starts here: a black flag, some tags, and their end. */
function flagLength(text: string, at: number, code: number): number {
  if (code !== unicode.BLACK_FLAG) return 0;
  let end = at + 2;
  // A country's two letters and at most three of its part.
  for (let count = 0; count < 6; count += 1) {
    const tag = text.codePointAt(end) ?? 0;
    if (!unicode.isTag(tag)) return 0;
    end += 2;
    if (tag === unicode.CANCEL_TAG) return end - at;
  }
  return 0;
}

/** Places of embeddings and isolates, not overrides, that end in the paragraph they begin in. */
function pairedControls(text: string): Set<number> {
  const paired = new Set<number>();
  let open: { at: number; isolate: boolean; override: boolean }[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x0a || code === 0x0d || code === 0x2029) open = [];
    else if (unicode.BIDI_ISOLATE.has(code)) open.push({ at: i, isolate: true, override: false });
    else if (unicode.BIDI_EMBED.has(code)) {
      open.push({ at: i, isolate: false, override: unicode.BIDI_OVERRIDE.has(code) });
    } else if (code === unicode.PDF || code === unicode.PDI) {
      const last = open.at(-1);
      if (!last || last.isolate !== (code === unicode.PDI)) continue;
      open.pop();
      if (!last.override) paired.add(last.at).add(i);
    }
  }
  return paired;
}

function is(pattern: RegExp, code: number): boolean {
  return code >= 0 && pattern.test(String.fromCodePoint(code));
}

function findingOf({
  kind,
  start,
  end,
  count
}: {
  kind: HiddenKind;
  start: number;
  end: number;
  count: number;
}): TextFinding {
  const { severity, one, many } = WORDS[kind];
  return {
    start,
    end,
    severity,
    kind,
    message: count === 1 ? `${one[0].toUpperCase()}${one.slice(1)}.` : `${count} ${many}.`,
    mask: ''
  };
}
