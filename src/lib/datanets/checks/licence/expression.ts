import parse from 'spdx-expression-parse';

/**
 * A licence expression as the ways it can be followed: one of them must be kept, with all the licences in it (the
 * disjunctive normal form of SPDX 2.3, annex D). `LicenseRef-…` stays as it is.
 */
export type Choices = readonly (readonly string[])[];

/** Choices beyond this come of an expression that nobody wrote to be read. */
const MAX_CHOICES = 64;

/** Longer texts are not parsed: nesting would be deeper than it is worth. */
const MAX_LENGTH = 500;

/** Undefined where the text is no licence expression. Names are taken with any capitals, as SPDX says. */
export function licenceChoices(expression: string): Choices | undefined {
  const text = expression.trim();
  if (text === '' || text.length > MAX_LENGTH) return undefined;
  try {
    return choicesOf(parse(text));
  } catch {
    // The parser throws plain errors for whatever it cannot read.
    return undefined;
  }
}

function choicesOf(node: parse.Info): string[][] {
  if (!('conjunction' in node)) return [[`${node.license}${node.plus ? '+' : ''}`]];
  const left = choicesOf(node.left);
  const right = choicesOf(node.right);
  const all =
    node.conjunction === 'or' ? [...left, ...right] : left.flatMap((a) => right.map((b) => [...a, ...b]));
  if (all.length > MAX_CHOICES) throw new RangeError('too many choices');
  return all;
}
