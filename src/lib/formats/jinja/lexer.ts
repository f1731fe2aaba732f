import { TemplateSyntaxError } from './limits';
import { skipSpace, strip } from './text';

export type TokenKind =
  | 'text'
  | 'block-begin'
  | 'block-end'
  | 'output-begin'
  | 'output-end'
  | 'name'
  | 'string'
  | 'int'
  | 'float'
  | 'op';

export interface Token {
  kind: TokenKind;
  value: string;
  line: number;
}

const OPERATORS = [
  ...['//', '**', '==', '!=', '>=', '<='],
  ...['+', '-', '/', '*', '%', '~', '[', ']', '(', ')', '{', '}', '>', '<', '=', '.', ':', '|', ',', ';']
];
const NAME = /[\p{L}_][\p{L}\p{N}\p{M}_]*/uy;
const NUMBER = /0[bB][01_]+|0[oO][0-7_]+|0[xX][\da-fA-F_]+|\d[\d_]*(\.\d[\d_]*)?([eE][+-]?\d[\d_]*)?/y;
const STRING = /'([^'\\]*(?:\\[\s\S][^'\\]*)*)'|"([^"\\]*(?:\\[\s\S][^"\\]*)*)"/y;
const RAW = /\{%([-+]?)\s*raw\s*([-+]?)%\}/y;
const END_RAW = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;

/**
 * Cuts a template into tokens as Jinja does with `trim_blocks` and `lstrip_blocks`, the settings of chat templates: the
 * line break after a block goes, so does the indentation before one; `-` takes all space, `+` keeps it.
 * @throws TemplateSyntaxError
 */
export function tokenize(template: string): Token[] {
  return new Lexer(template.replace(/\r\n?/g, '\n').replace(/\n$/, '')).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  #counted = 0;
  /** Nothing but a trimmed line break stands before: the text begins a line. */
  #lineStart = true;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Token[] {
    while (this.#at < this.#source.length) {
      const open = this.#nextTag();
      if (open < 0) {
        this.#push('text', this.#source.slice(this.#at));
        break;
      }
      const kind = this.#source[open + 1];
      const sign = this.#source[open + 2];
      const before = this.#textBefore(this.#source.slice(this.#at, open), kind, sign);
      if (before !== '') this.#push('text', before);
      this.#at = open;
      if (kind === '#') this.#comment();
      else if (kind === '{') this.#inside('output', sign);
      else if (!this.#raw()) this.#inside('block', sign);
    }
    return this.#tokens;
  }

  #nextTag(): number {
    for (let at = this.#source.indexOf('{', this.#at); at >= 0; at = this.#source.indexOf('{', at + 1)) {
      if ('{%#'.includes(this.#source[at + 1] || ' ')) return at;
    }
    return -1;
  }

  #textBefore(text: string, kind: string, sign: string): string {
    if (sign === '-') return strip(text, undefined, 'right');
    if (sign === '+' || kind === '{') return text;
    const line = text.lastIndexOf('\n') + 1;
    const begins = line > 0 || this.#lineStart;
    return begins && skipSpace(text, line) === text.length ? text.slice(0, line) : text;
  }

  /** Goes past a tag's end, and the space or line break that goes with it. */
  #close(end: number, sign: string | undefined, trims: boolean): void {
    this.#at = end;
    this.#lineStart = false;
    if (sign === '-') {
      this.#at = skipSpace(this.#source, end);
      this.#lineStart = this.#at > end && this.#source[this.#at - 1] === '\n';
    } else if (sign !== '+' && trims && this.#source[end] === '\n') {
      this.#at += 1;
      this.#lineStart = true;
    }
  }

  #comment(): void {
    const end = this.#source.indexOf('#}', this.#at + 2);
    if (end < 0) throw this.#problem('a comment is not closed');
    const sign = this.#source[end - 1];
    this.#close(end + 2, end - 1 > this.#at + 1 ? sign : undefined, true);
  }

  #raw(): boolean {
    RAW.lastIndex = this.#at;
    const open = RAW.exec(this.#source);
    if (!open) return false;
    this.#close(this.#at + open[0].length, open[2], true);
    END_RAW.lastIndex = this.#at;
    const close = END_RAW.exec(this.#source);
    if (!close) throw this.#problem('raw is not closed');
    const text = this.#textBefore(this.#source.slice(this.#at, close.index), '%', close[1]);
    if (text !== '') this.#push('text', text);
    this.#close(close.index + close[0].length, close[2], true);
    return true;
  }

  #inside(tag: 'output' | 'block', sign: string): void {
    this.#push(`${tag}-begin`, '');
    this.#at += sign === '-' || sign === '+' ? 3 : 2;
    const end = tag === 'output' ? '}}' : '%}';
    const open: string[] = [];
    for (;;) {
      this.#at = skipSpace(this.#source, this.#at);
      if (this.#at >= this.#source.length) throw this.#problem('a tag is not closed');
      const character = this.#source[this.#at];
      if (open.length === 0) {
        const signed = character === '-' || character === '+';
        const at = signed ? this.#at + 1 : this.#at;
        if (this.#source.startsWith(end, at)) {
          this.#push(`${tag}-end`, '');
          this.#close(at + 2, signed ? character : undefined, tag === 'block');
          return;
        }
      }
      const token = this.#token();
      if (token.kind !== 'op') continue;
      if ('([{'.includes(token.value)) open.push(token.value);
      else if (')]}'.includes(token.value)) {
        const last = open.pop();
        if (last === undefined || '([{'.indexOf(last) !== ')]}'.indexOf(token.value)) {
          throw this.#problem(`there is a ${token.value} too many`);
        }
      }
    }
  }

  #token(): Token {
    const string = this.#match(STRING);
    if (string) return this.#push('string', unescape(string[1] ?? string[2]));
    const name = this.#match(NAME);
    if (name) return this.#push('name', name[0]);
    const number = this.#match(NUMBER);
    if (number) {
      const isFloat = number[1] !== undefined || number[2] !== undefined;
      return this.#push(isFloat ? 'float' : 'int', number[0].replaceAll('_', ''));
    }
    const operator = OPERATORS.find((each) => this.#source.startsWith(each, this.#at));
    if (operator === undefined)
      throw this.#problem(`${JSON.stringify(this.#source[this.#at])} has no meaning`);
    this.#at += operator.length;
    return this.#push('op', operator);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (match) this.#at += match[0].length;
    return match;
  }

  #push(kind: TokenKind, value: string): Token {
    this.#countLines();
    const token = { kind, value, line: this.#line };
    this.#tokens.push(token);
    return token;
  }

  #countLines(): void {
    for (let at = this.#source.indexOf('\n', this.#counted); at >= 0 && at < this.#at;) {
      this.#line += 1;
      this.#counted = at + 1;
      at = this.#source.indexOf('\n', this.#counted);
    }
  }

  #problem(what: string): TemplateSyntaxError {
    this.#countLines();
    return new TemplateSyntaxError(`line ${this.#line}: ${what}`, { details: { line: this.#line } });
  }
}

const ESCAPES = new Map(Object.entries({ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', a: '\x07' }));

/** Python's `unicode-escape`: what is no escape keeps its backslash. */
function unescape(text: string): string {
  return text.replace(
    /\\(\n|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|[\s\S])/g,
    (whole, escape: string) => {
      if (escape === '\n') return '';
      if (/^[xuU]./.test(escape)) {
        const code = parseInt(escape.slice(1), 16);
        return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
      }
      if (/^[0-7]/.test(escape)) return String.fromCharCode(parseInt(escape, 8));
      if ('\\\'"'.includes(escape)) return escape;
      return ESCAPES.get(escape) ?? whole;
    }
  );
}
