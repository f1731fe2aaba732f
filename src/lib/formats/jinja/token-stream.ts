import type { Token, TokenKind } from './lexer';
import { TEMPLATE_LIMITS, TemplateSyntaxError } from './limits';

/** Tokens one after another, with the questions that a parser asks of them. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  readonly #known: Readonly<Record<'filter' | 'test', ReadonlySet<string>>>;
  #at = 0;
  #depth = 0;

  /** @param filters the filters there are. @param tests the tests there are */
  constructor(tokens: readonly Token[], filters: ReadonlySet<string>, tests: ReadonlySet<string>) {
    this.#tokens = tokens;
    this.#known = { filter: filters, test: tests };
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  next(): Token {
    const token = this.#tokens[this.#at];
    if (!token) throw this.problem('the template ends too early');
    this.#at += 1;
    return token;
  }

  back(): void {
    this.#at -= 1;
  }

  is(kind: TokenKind): boolean {
    return this.#tokens[this.#at]?.kind === kind;
  }

  isOp(value: string): boolean {
    return this.is('op') && this.#tokens[this.#at].value === value;
  }

  isName(value: string): boolean {
    return this.is('name') && this.#tokens[this.#at].value === value;
  }

  startsName(prefix: string): boolean {
    return this.is('name') && this.#tokens[this.#at].value.startsWith(prefix);
  }

  takeOp(value: string): boolean {
    if (!this.isOp(value)) return false;
    this.#at += 1;
    return true;
  }

  takeName(value: string): boolean {
    if (!this.isName(value)) return false;
    this.#at += 1;
    return true;
  }

  expect(kind: TokenKind): Token {
    if (!this.is(kind)) throw this.problem(`${this.describe()} stands where ${kind} was expected`);
    return this.next();
  }

  expectOp(value: string): void {
    if (!this.takeOp(value)) throw this.problem(`${this.describe()} stands where ${value} was expected`);
  }

  expectName(value: string): void {
    if (!this.takeName(value)) throw this.problem(`${this.describe()} stands where ${value} was expected`);
  }

  /** The name of a filter or test, which must be one of those there are. */
  expectKnown(what: 'filter' | 'test'): string {
    const name = this.expect('name').value;
    if (!this.#known[what].has(name)) throw this.problem(`there is no ${what} "${name}" here`);
    return name;
  }

  /** Parses something one level deeper. @throws TemplateSyntaxError where that is too deep */
  deeper<T>(parse: () => T): T {
    if (this.#depth >= TEMPLATE_LIMITS.depth) throw this.problem('it nests too deep');
    this.#depth += 1;
    const result = parse();
    this.#depth -= 1;
    return result;
  }

  describe(): string {
    const token = this.#tokens[this.#at];
    if (!token) return 'the end';
    return token.value === '' ? token.kind : JSON.stringify(token.value.slice(0, 40));
  }

  problem(what: string): TemplateSyntaxError {
    const line = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]?.line ?? 1;
    return new TemplateSyntaxError(`line ${line}: ${what}`, { details: { line } });
  }
}
