/** JSON of anybody: bounded in size and depth before anything is built of it. */
import { TabtuneError } from './errors';

/** JSON that is longer or nested deeper than any that is meant for this place. */
export class JsonBoundsError extends TabtuneError {}

/**
 * Deeper than any file of a model or Datanet. `JSON.parse` itself takes any depth, but what walks through its result calls itself
 * for each level, and some thousands of levels are more than a stack holds.
 */
export const MAX_JSON_DEPTH = 64;
/** UTF-16 units, where nothing else is said: the largest index of a model's weights has some ten million. */
const MAX_LENGTH = 2 ** 25;

/**
 * Reads JSON whose length and depth were looked at before, in time linear in its length.
 * @param name of the file, for the message
 * @param maxLength in UTF-16 units
 * @throws JsonBoundsError naming the file; SyntaxError where it is no JSON
 */
export function parseJson(name: string, text: string, maxLength = MAX_LENGTH): unknown {
  if (text.length > maxLength) {
    throw new JsonBoundsError(
      `${name} is JSON of ${text.length} characters; here it has at most ${maxLength}. It is not the file its name says.`,
      { details: { file: name, length: text.length, maxLength } }
    );
  }
  requireShallow(name, text);
  return JSON.parse(text);
}

/** @throws JsonBoundsError where brackets outside of strings open deeper than `MAX_JSON_DEPTH` */
function requireShallow(name: string, text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = stringEnd(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > MAX_JSON_DEPTH) throw tooDeep(name);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
    }
  }
}

/** Index of the quote that ends the string which begins at `start`; the end of the text where none does. */
function stringEnd(text: string, start: number): number {
  for (let from = start + 1; ;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes += 1;
    if (slashes % 2 === 0) return quote;
    from = quote + 1;
  }
}

function tooDeep(name: string): JsonBoundsError {
  return new JsonBoundsError(
    `${name} nests lists and objects more than ${MAX_JSON_DEPTH} deep, which no such file does. It is damaged or made to do harm: do not use it.`,
    { details: { file: name, maxDepth: MAX_JSON_DEPTH } }
  );
}
