/** Text that is no Python literal, or one that was shortened when it was written. */
export class PythonLiteralError extends Error {}

/** Lists in lists: no data nests deeper. */
const MAX_DEPTH = 64;
/** Of a number or name: longer is none. */
const MAX_WORD = 400;

const ESCAPES: Record<string, string> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': ''
};
const NAMES: Record<string, unknown> = { None: null, True: true, False: false, nan: NaN, inf: Infinity };

/**
 * Reads what Python's `repr` and `str` write of strings, bytes, numbers, `None`, `True`, `False`, lists, tuples, sets and
 * dicts (the Python Language Reference, 2.4 and 6.2), and NumPy of its arrays: `array([...], dtype=object)`, and lists
 * with blanks or line breaks in place of commas. Tuples and sets become lists. Nothing is ever evaluated.
 * @throws PythonLiteralError with the place
 */
export function parsePythonLiteral(text: string): unknown {
  const reader = new LiteralReader(text);
  return reader.whole();
}

class LiteralReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    const value = this.#value();
    this.#blanks();
    if (this.#at < this.#text.length) throw this.#unexpected();
    return value;
  }

  #value(): unknown {
    this.#blanks();
    const next = this.#text[this.#at];
    if (next === '[') return this.#nested(() => this.#items(']'));
    if (next === '(') return this.#nested(() => this.#items(')'));
    if (next === '{') return this.#nested(() => this.#dictOrSet());
    if (next === "'" || next === '"') return this.#string(false);
    return this.#word();
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new PythonLiteralError(`nests deeper than ${MAX_DEPTH}`);
    this.#at += 1;
    const value = read();
    this.#depth -= 1;
    return value;
  }

  /** Values up to a closing bracket; NumPy leaves the commas out. */
  #items(end: string): unknown[] {
    const values: unknown[] = [];
    for (;;) {
      this.#blanks();
      if (this.#take(end)) return values;
      values.push(this.#value());
      this.#blanks();
      this.#take(',');
    }
  }

  #dictOrSet(): unknown {
    const entries = new Map<string, unknown>();
    const values: unknown[] = [];
    for (;;) {
      this.#blanks();
      if (this.#take('}')) return values.length > 0 ? values : Object.fromEntries(entries);
      const key = this.#value();
      this.#blanks();
      if (this.#take(':')) {
        if (typeof key === 'object' && key !== null) throw this.#unexpected();
        entries.set(String(key), this.#value());
      } else values.push(key);
      if (values.length > 0 && entries.size > 0) throw this.#unexpected();
      this.#blanks();
      if (this.#text[this.#at] !== '}' && !this.#take(',')) throw this.#unexpected();
    }
  }

  #string(isRaw: boolean): string {
    const quote = this.#text[this.#at];
    const isTriple = this.#text.startsWith(quote.repeat(3), this.#at);
    const end = isTriple ? quote.repeat(3) : quote;
    const parts: string[] = [];
    let start = (this.#at += end.length);
    for (; this.#at < this.#text.length; this.#at++) {
      if (this.#text.startsWith(end, this.#at)) {
        parts.push(this.#text.slice(start, this.#at));
        this.#at += end.length;
        return parts.join('');
      }
      if (this.#text[this.#at] !== '\\') continue;
      if (isRaw) {
        this.#at += 1;
        continue;
      }
      parts.push(this.#text.slice(start, this.#at), this.#escape());
      start = this.#at + 1;
    }
    throw new PythonLiteralError('a string never ends');
  }

  /** The character that an escape stands for; goes on to the escape's last character. */
  #escape(): string {
    const rest = this.#text.slice(this.#at + 1, this.#at + 10);
    const code = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3}))/.exec(rest);
    if (code) {
      this.#at += code[0].length;
      const point =
        code[4] === undefined ? parseInt(code[1] ?? code[2] ?? code[3], 16) : parseInt(code[4], 8);
      if (point > 0x10ffff) throw this.#unexpected();
      return String.fromCodePoint(point);
    }
    this.#at += 1;
    const known = ESCAPES[rest[0]];
    // Python keeps the backslash of an escape that it does not know.
    return known ?? `\\${rest[0] ?? ''}`;
  }

  #word(): unknown {
    const word = /^[+-]?[\w.]+(?:[eE][+-]\d+)?/.exec(this.#text.slice(this.#at, this.#at + MAX_WORD))?.[0];
    if (!word) throw this.#unexpected();
    this.#at += word.length;
    const next = this.#text[this.#at];
    if (/^(?:[rbu]|rb|br)$/i.test(word) && (next === "'" || next === '"'))
      return this.#string(/r/i.test(word));
    if (/^(?:np\.|numpy\.)?array$/.test(word) && next === '(') return this.#array();
    if (Object.hasOwn(NAMES, word)) return NAMES[word];
    if (word === '-inf') return -Infinity;
    const digits = word.replace(/(?<=\d)_(?=\d)/g, '');
    // NumPy writes whole numbers as `1.`.
    if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(digits)) {
      this.#at -= word.length;
      throw this.#unexpected();
    }
    const value = Number(digits);
    const isExact = Number.isSafeInteger(value) || !/^[+-]?\d+$/.test(digits);
    return isExact ? value : BigInt(digits);
  }

  /** `array(values, dtype=…)`: the values. */
  #array(): unknown {
    return this.#nested(() => {
      const value = this.#value();
      this.#blanks();
      while (this.#take(',')) {
        this.#blanks();
        const option = /^\w+\s*=\s*(?:<?[\w.]+|'[^']*'|\([\d, ]*\))/.exec(
          this.#text.slice(this.#at, this.#at + MAX_WORD)
        );
        this.#at += option?.[0].length ?? 0;
        this.#blanks();
      }
      if (!this.#take(')')) throw this.#unexpected();
      return value;
    });
  }

  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #unexpected(): PythonLiteralError {
    const found = this.#text.slice(this.#at, this.#at + 12);
    if (found.startsWith('...'))
      return new PythonLiteralError('it was shortened with "..." when it was written');
    return new PythonLiteralError(
      found === '' ? 'it ends too early' : `unexpected ${JSON.stringify(found)} at character ${this.#at + 1}`
    );
  }
}
