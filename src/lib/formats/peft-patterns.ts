import { UnsupportedAdapterError } from './peft-errors';

/**
 * Keys of rank_pattern and alpha_pattern are regular expressions of Python, tried against the end of a module's path
 * (`get_pattern_key` of PEFT). Here they may have names, alternatives, classes and one `.*`: what Python and JavaScript
 * read alike, and what no name can make slow.
 */

const MAX_LENGTH = 200;
const SIMPLE = /^(?:[\w.^$|()-]|\\[.d]|\[[\w-]+\]|[+*?](?![+*?]))*$/;

/**
 * The value of the first key that matches a module, or undefined.
 * @param path the module, as `model.layers.3.self_attn.q_proj`
 * @throws UnsupportedAdapterError for a key that is no such pattern
 */
export function matchPattern(
  patterns: Readonly<Record<string, number>> | null | undefined,
  path: string,
  file: string
): number | undefined {
  for (const [key, value] of Object.entries(patterns ?? {})) {
    if (compile(key, file).test(path)) return value;
  }
  return undefined;
}

function compile(key: string, file: string): RegExp {
  // A repeated group can take exponential time; three repeated atoms over a path of 40 letters cannot.
  const repeats = key.match(/[+*?]/g)?.length ?? 0;
  const simple = key.length <= MAX_LENGTH && SIMPLE.test(key) && !/\)[+*?]/.test(key) && repeats <= 3;
  try {
    if (simple) return new RegExp(`^(?:.*\\.)?(?:${key})$`);
  } catch {
    // Unbalanced: refused below.
  }
  throw new UnsupportedAdapterError(
    `${file} has the pattern ${JSON.stringify(key.slice(0, MAX_LENGTH))}, which is more than names and simple alternatives. ` +
      'Write the modules out, one key each.',
    { details: { file, pattern: key.slice(0, MAX_LENGTH) } }
  );
}
