/* eslint-disable no-console -- pdf.js says what it dropped in its log alone */
/** How pdf.js marks what it logs. */
const MARK = 'Warning: ';

/**
 * Runs something of pdf.js and gathers what it warns of meanwhile. Its log is the only place where it says that it dropped
 * the text of a font or the rest of a page. Both halves of it have to run in this thread, at the level of warnings. What
 * others log passes through; two readers at once may each hear the other's.
 */
export async function hearWarnings<T>(read: () => Promise<T>): Promise<{ value: T; warnings: string[] }> {
  const warnings: string[] = [];
  const before = console.warn;
  let isListening = true;
  const listener = (...words: unknown[]) => {
    const [first] = words;
    const isOurs = isListening && typeof first === 'string' && first.startsWith(MARK);
    if (isOurs) warnings.push(first.slice(MARK.length));
    else before.apply(console, words);
  };
  console.warn = listener;
  try {
    return { value: await read(), warnings };
  } finally {
    isListening = false;
    // Another reader may have begun to listen since; it hands on to this one, which hands on in turn.
    if (console.warn === listener) console.warn = before;
  }
}

/** What of a page's text is lost, by the warnings that came with it. */
export function lossesIn(warnings: readonly string[]): string[] {
  const losses = warnings.flatMap((warning) => {
    if (/^loadFont - /.test(warning))
      return [`text in a font that cannot be read (${reasonIn(warning)}), here and wherever it is used,`];
    if (/^Font ".*" is not available\.$/.test(warning)) return ['text in a font that is not in the file'];
    if (/^getTextContent - ignoring/.test(warning)) return [`text behind a fault (${reasonIn(warning)})`];
    return [];
  });
  return [...new Set(losses)];
}

function reasonIn(warning: string): string {
  return /: "(?:\w*(?:Error|Exception): )?(.*)"\.?$/s.exec(warning)?.[1] ?? warning;
}
