import type { TextFinding } from '../check';

/** Cyrillic and Greek letters that look like Latin ones (UTS #39, confusables). */
const CYRILLIC_LOOKALIKES = /^[аеорсухіјѕԁһӏԛԝвкмнтАВЕКМНОРСТХУІЈЅԌԚԜҺ]+$/u;
const GREEK_LOOKALIKES = /^[οανικρυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧϳϲ]+$/u;

/** What every such word holds. */
const FOREIGN = /[\p{Script=Cyrillic}\p{Script=Greek}]/u;

/** Words of at least two scripts. Words of one script only do not match, whatever is beside them. */
const MIXED =
  /(?<![\p{L}\p{M}])(?=[\p{L}\p{M}]{0,80}\p{Script=Latin})(?=[\p{L}\p{M}]{0,80}[\p{Script=Cyrillic}\p{Script=Greek}])[\p{L}\p{M}]{3,80}/gu;

/**
 * Words in which letters of another script stand for Latin ones that look the same: `pаypal` with a Cyrillic а. Where
 * the other letters could not be taken for Latin (µm, Δt, VIPы) both scripts are meant.
 */
export function findHomoglyphs(text: string): TextFinding[] {
  const found: TextFinding[] = [];
  if (!FOREIGN.test(text)) return found;
  for (const { 0: word, index } of text.matchAll(MIXED)) {
    const cyrillic = word.match(/\p{Script=Cyrillic}/gu)?.join('') ?? '';
    const greek = word.match(/\p{Script=Greek}/gu)?.join('') ?? '';
    const latin = word.match(/\p{Script=Latin}/gu)?.length ?? 0;
    if (cyrillic !== '' && !CYRILLIC_LOOKALIKES.test(cyrillic)) continue;
    if (greek !== '' && !GREEK_LOOKALIKES.test(greek)) continue;
    // One Greek letter at an end is a symbol of mathematics: `xν`, `αβ` beside a Latin index.
    if (greek.length + cyrillic.length >= latin + 3) continue;
    found.push({
      start: index,
      end: index + word.length,
      severity: 'warning',
      kind: 'mixed-script',
      message: 'A word in which letters of another script look like Latin ones.'
    });
  }
  return found;
}
