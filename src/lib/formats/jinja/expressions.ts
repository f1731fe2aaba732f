import type { Arguments, CompareOperator, Expression } from './ast';
import type { TokenStream } from './token-stream';

const COMPARE = new Set(['==', '!=', '<', '<=', '>', '>=']);
const CONSTANTS = new Map<string, boolean | null>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null]
]);

/** Expressions in Jinja's precedence: conditional, or, and, not, comparison, + -, ~, * / // %, **, sign, filter and test. */
export class ExpressionParser {
  readonly #stream: TokenStream;

  constructor(stream: TokenStream) {
    this.#stream = stream;
  }

  /** One expression, or several with commas between: a tuple. */
  tuple(conditional = true): Expression {
    const one = () => (conditional ? this.expression() : this.#or());
    const items = [one()];
    let tuple = false;
    while (this.#stream.takeOp(',')) {
      tuple = true;
      if (this.#ends()) break;
      items.push(one());
    }
    return tuple ? { kind: 'tuple', items } : items[0];
  }

  expression(): Expression {
    return this.#stream.deeper(() => {
      let result = this.#or();
      while (this.#stream.takeName('if')) {
        const test = this.#or();
        const otherwise = this.#stream.takeName('else') ? this.expression() : undefined;
        result = { kind: 'conditional', test, then: result, ...(otherwise ? { otherwise } : {}) };
      }
      return result;
    });
  }

  #ends(): boolean {
    const stream = this.#stream;
    return stream.is('block-end') || stream.is('output-end') || stream.isOp(')') || stream.isOp('=');
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#stream.takeName('or')) left = { kind: 'logical', operator: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#stream.takeName('and'))
      left = { kind: 'logical', operator: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    if (!this.#stream.takeName('not')) return this.#compare();
    return this.#stream.deeper(() => ({ kind: 'unary', operator: 'not', operand: this.#not() }));
  }

  #compare(): Expression {
    const stream = this.#stream;
    const first = this.#sum();
    const rest: { operator: CompareOperator; right: Expression }[] = [];
    for (;;) {
      let operator: CompareOperator;
      if (stream.is('op')) {
        const found = [...COMPARE].find((each) => stream.takeOp(each));
        if (found === undefined) break;
        operator = found as CompareOperator;
      } else if (stream.takeName('in')) {
        operator = 'in';
      } else if (stream.takeName('not')) {
        if (!stream.takeName('in')) {
          stream.back();
          break;
        }
        operator = 'not in';
      } else {
        break;
      }
      rest.push({ operator, right: this.#sum() });
    }
    return rest.length > 0 ? { kind: 'compare', first, rest } : first;
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#concat());
  }

  #concat(): Expression {
    const parts = [this.#product()];
    while (this.#stream.takeOp('~')) parts.push(this.#product());
    return parts.length > 1 ? { kind: 'concat', parts } : parts[0];
  }

  #product(): Expression {
    return this.#binary(['*', '//', '/', '%'], () => this.#power());
  }

  #power(): Expression {
    return this.#binary(['**'], () => this.#unary(true));
  }

  #binary(
    operators: readonly Extract<Expression, { kind: 'binary' }>['operator'][],
    operand: () => Expression
  ): Expression {
    let left = operand();
    for (;;) {
      const operator = operators.find((each) => this.#stream.takeOp(each));
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: operand() };
    }
  }

  #unary(filters: boolean): Expression {
    const sign = this.#stream.takeOp('-') ? '-' : this.#stream.takeOp('+') ? '+' : undefined;
    const node: Expression = sign
      ? { kind: 'unary', operator: sign, operand: this.#stream.deeper(() => this.#unary(false)) }
      : this.#primary();
    const whole = this.#postfix(node);
    return filters ? this.#filtered(whole) : whole;
  }

  #primary(): Expression {
    const stream = this.#stream;
    const token = stream.next();
    switch (token.kind) {
      case 'name': {
        const constant = CONSTANTS.get(token.value);
        return constant === undefined
          ? { kind: 'name', name: token.value }
          : { kind: 'constant', value: constant };
      }
      case 'string': {
        let value = token.value;
        while (stream.is('string')) value += stream.next().value;
        return { kind: 'constant', value };
      }
      case 'int':
        return { kind: 'constant', value: Number(token.value) };
      case 'float':
        return { kind: 'float', value: Number(token.value) };
      case 'op':
        if (token.value === '(') return this.#parentheses();
        if (token.value === '[') return { kind: 'list', items: this.#items(']') };
        if (token.value === '{') return this.#dict();
        break;
      default:
    }
    stream.back();
    throw stream.problem(`${stream.describe()} begins no expression`);
  }

  #parentheses(): Expression {
    if (this.#stream.takeOp(')')) return { kind: 'tuple', items: [] };
    const inner = this.tuple();
    this.#stream.expectOp(')');
    return inner;
  }

  #items(close: string): Expression[] {
    const items: Expression[] = [];
    while (!this.#stream.takeOp(close)) {
      if (items.length > 0) {
        this.#stream.expectOp(',');
        if (this.#stream.takeOp(close)) break;
      }
      items.push(this.expression());
    }
    return items;
  }

  #dict(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.#stream.takeOp('}')) {
      if (entries.length > 0) {
        this.#stream.expectOp(',');
        if (this.#stream.takeOp('}')) break;
      }
      const key = this.expression();
      this.#stream.expectOp(':');
      entries.push([key, this.expression()]);
    }
    return { kind: 'dict', entries };
  }

  #postfix(node: Expression): Expression {
    const stream = this.#stream;
    for (;;) {
      if (stream.takeOp('.')) {
        if (stream.is('int')) {
          node = {
            kind: 'item',
            object: node,
            key: { kind: 'constant', value: Number(stream.next().value) }
          };
        } else {
          node = { kind: 'attribute', object: node, name: stream.expect('name').value };
        }
      } else if (stream.takeOp('[')) {
        node = this.#subscript(node);
      } else if (stream.isOp('(')) {
        node = { kind: 'call', callee: node, arguments: parseArguments(stream, this) };
      } else {
        return node;
      }
    }
  }

  #subscript(object: Expression): Expression {
    const stream = this.#stream;
    const part = () => (stream.isOp(':') || stream.isOp(']') ? undefined : this.expression());
    const start = part();
    if (stream.takeOp(']')) {
      if (!start) throw stream.problem('[] is empty');
      return { kind: 'item', object, key: start };
    }
    if (!stream.takeOp(':')) throw stream.problem(`${stream.describe()} stands where ] was expected`);
    const stop = part();
    const step = stream.takeOp(':') ? part() : undefined;
    stream.expectOp(']');
    return {
      kind: 'slice',
      object,
      ...(start ? { start } : {}),
      ...(stop ? { stop } : {}),
      ...(step ? { step } : {})
    };
  }

  #filtered(node: Expression): Expression {
    const stream = this.#stream;
    for (;;) {
      if (stream.takeOp('|')) {
        const name = stream.expectKnown('filter');
        node = { kind: 'filter', name, operand: node, arguments: this.#optionalArguments() };
      } else if (stream.takeName('is')) {
        const negated = stream.takeName('not');
        const name = stream.expectKnown('test');
        node = { kind: 'test', name, operand: node, negated, arguments: this.#testArguments() };
      } else if (stream.isOp('(')) {
        node = { kind: 'call', callee: node, arguments: parseArguments(stream, this) };
      } else {
        return node;
      }
    }
  }

  #optionalArguments(): Arguments {
    return this.#stream.isOp('(') ? parseArguments(this.#stream, this) : { positional: [], named: [] };
  }

  /** A test may have its one argument without parentheses: `is divisibleby 3`. */
  #testArguments(): Arguments {
    const stream = this.#stream;
    if (stream.isOp('(')) return parseArguments(stream, this);
    const begins =
      (stream.is('name') &&
        !['else', 'or', 'and', 'if', 'is', 'not', 'in', 'recursive'].some((word) => stream.isName(word))) ||
      stream.is('string') ||
      stream.is('int') ||
      stream.is('float') ||
      stream.isOp('[') ||
      stream.isOp('{');
    return { positional: begins ? [this.#postfix(this.#primary())] : [], named: [] };
  }
}

/** `(a, b, name=c, *list, **dict)`. */
export function parseArguments(stream: TokenStream, expressions: ExpressionParser): Arguments {
  const result: Arguments = { positional: [], named: [] };
  stream.expectOp('(');
  let first = true;
  while (!stream.takeOp(')')) {
    if (!first) {
      stream.expectOp(',');
      if (stream.takeOp(')')) break;
    }
    first = false;
    if (stream.takeOp('**')) {
      result.namedSpread = expressions.expression();
    } else if (stream.takeOp('*')) {
      result.spread = expressions.expression();
    } else {
      const value = expressions.expression();
      if (stream.takeOp('=')) {
        if (value.kind !== 'name') throw stream.problem('only a name can be set in a call');
        result.named.push({ name: value.name, value: expressions.expression() });
      } else if (result.named.length > 0) {
        throw stream.problem('an argument without a name stands behind one with a name');
      } else {
        result.positional.push(value);
      }
    }
  }
  return result;
}
