/**
 * The keys of the outermost object of a JSON text that has already been parsed successfully, in order and with
 * repetitions: `JSON.parse` silently keeps the last of two equal keys, which lets a file show two readers two tensors.
 */
export function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let key: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      const end = stringEnd(text, at);
      if (depth === 1) key = text.slice(at, end);
      at = end - 1;
    } else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    else if (char === ':' && depth === 1 && key !== undefined) {
      keys.push(JSON.parse(key) as string);
      key = undefined;
    }
  }
  return keys;
}

/**
 * A key that an object anywhere in a JSON text has twice, of which readers may take the first or the last.
 * @param text that has already been parsed successfully
 */
export function repeatedKey(text: string): string | undefined {
  // One set for each object that is open, none for an array.
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{') open.push(new Set());
    else if (char === '[') open.push(undefined);
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const end = stringEnd(text, at);
      if (text[afterSpace(text, end)] === ':') {
        const key = JSON.parse(text.slice(at, end)) as string;
        const keys = open[open.length - 1];
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** Index just after the string literal that begins at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function afterSpace(text: string, start: number): number {
  let at = start;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++;
  return at;
}
