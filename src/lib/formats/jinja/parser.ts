import type { Filter, Parameter, Statement, Target } from './ast';
import { ExpressionParser, parseArguments } from './expressions';
import { FILTER_NAMES } from './filters';
import { tokenize } from './lexer';
import { TESTS } from './tests';
import { TokenStream } from './token-stream';

/**
 * Reads a chat template: the Jinja of transformers, that is Jinja's own blocks but those that load other files, `break` and
 * `continue`, and `generation`.
 * @throws TemplateSyntaxError that names the line
 */
export function parseTemplate(source: string): Statement[] {
  const stream = new TokenStream(tokenize(source), FILTER_NAMES, new Set(TESTS.keys()));
  const parser = new StatementParser(stream);
  const body = parser.body([]);
  if (!stream.atEnd) throw stream.problem(`${stream.describe()} closes nothing`);
  return body;
}

class StatementParser {
  readonly #stream: TokenStream;
  readonly #expressions: ExpressionParser;
  #loops = 0;

  constructor(stream: TokenStream) {
    this.#stream = stream;
    this.#expressions = new ExpressionParser(stream);
  }

  /** Statements up to one of these words at the beginning of a block, which is left to the caller. */
  body(until: readonly string[]): Statement[] {
    return this.#stream.deeper(() => {
      const stream = this.#stream;
      const statements: Statement[] = [];
      while (!stream.atEnd) {
        const token = stream.next();
        if (token.kind === 'text') {
          statements.push({ kind: 'text', text: token.value });
        } else if (token.kind === 'output-begin') {
          statements.push({ kind: 'output', expression: this.#expressions.tuple() });
          stream.expect('output-end');
        } else {
          if (until.some((word) => stream.isName(word)) || stream.startsName('end')) {
            stream.back();
            return statements;
          }
          statements.push(this.#statement());
        }
      }
      if (until.length > 0) throw stream.problem(`${until.join(' or ')} is missing`);
      return statements;
    });
  }

  /** A body, its closing word and the end of the closing block. */
  #closed(word: string): Statement[] {
    const body = this.body([word]);
    this.#open(word);
    this.#end();
    return body;
  }

  #open(word: string): void {
    this.#stream.expect('block-begin');
    this.#stream.expectName(word);
  }

  #end(): void {
    this.#stream.expect('block-end');
  }

  #statement(): Statement {
    const stream = this.#stream;
    const name = stream.expect('name').value;
    switch (name) {
      case 'if':
        return this.#if();
      case 'for':
        return this.#for();
      case 'set':
        return this.#set();
      case 'macro':
        return this.#macro();
      case 'call':
        return this.#call();
      case 'filter': {
        const filters = this.#filters();
        this.#end();
        return { kind: 'filter', filters, body: this.#closed('endfilter') };
      }
      case 'with':
        return this.#with();
      case 'generation':
        this.#end();
        return { kind: 'generation', body: this.#closed('endgeneration') };
      case 'break':
      case 'continue':
        if (this.#loops === 0) throw stream.problem(`${name} stands in no loop`);
        this.#end();
        return { kind: name };
      default:
        throw stream.problem(`the block "${name}" is not known here`);
    }
  }

  #if(): Statement {
    const test = this.#expressions.tuple(false);
    this.#end();
    const then = this.body(['elif', 'else', 'endif']);
    this.#stream.expect('block-begin');
    if (this.#stream.takeName('elif')) {
      const otherwise = this.#stream.deeper(() => this.#if());
      return { kind: 'if', test, then, otherwise: [otherwise] };
    }
    if (this.#stream.takeName('else')) {
      this.#end();
      return { kind: 'if', test, then, otherwise: this.#closed('endif') };
    }
    this.#stream.expectName('endif');
    this.#end();
    return { kind: 'if', test, then, otherwise: [] };
  }

  #for(): Statement {
    const stream = this.#stream;
    const target = this.#target(false);
    stream.expectName('in');
    const items = this.#expressions.tuple(false);
    const filter = stream.takeName('if') ? this.#expressions.expression() : undefined;
    const recursive = stream.takeName('recursive');
    this.#end();
    this.#loops += 1;
    const body = this.body(['endfor', 'else']);
    this.#loops -= 1;
    stream.expect('block-begin');
    let otherwise: Statement[] = [];
    if (stream.takeName('else')) {
      this.#end();
      otherwise = this.#closed('endfor');
    } else {
      stream.expectName('endfor');
      this.#end();
    }
    return { kind: 'for', target, items, recursive, body, otherwise, ...(filter ? { filter } : {}) };
  }

  #set(): Statement {
    const target = this.#target(true);
    if (this.#stream.takeOp('=')) {
      const value = this.#expressions.tuple();
      this.#end();
      return { kind: 'set', target, value };
    }
    const filters = this.#stream.takeOp('|') ? this.#filters() : [];
    this.#end();
    return { kind: 'capture', target, filters, body: this.#closed('endset') };
  }

  #macro(): Statement {
    const name = this.#stream.expect('name').value;
    const parameters = this.#parameters();
    this.#end();
    return { kind: 'macro', name, parameters, body: this.#detached('endmacro') };
  }

  #call(): Statement {
    const parameters = this.#stream.isOp('(') ? this.#parameters() : [];
    const call = this.#expressions.expression();
    if (call.kind !== 'call') throw this.#stream.problem('call calls nothing');
    this.#end();
    return { kind: 'call', call, parameters, body: this.#detached('endcall') };
  }

  /** A body that runs elsewhere: loops around it are not its own. */
  #detached(word: string): Statement[] {
    const loops = this.#loops;
    this.#loops = 0;
    const body = this.#closed(word);
    this.#loops = loops;
    return body;
  }

  #with(): Statement {
    const stream = this.#stream;
    const values: Extract<Statement, { kind: 'with' }>['values'] = [];
    while (!stream.is('block-end')) {
      if (values.length > 0) stream.expectOp(',');
      const target = this.#target(false);
      stream.expectOp('=');
      values.push({ target, value: this.#expressions.expression() });
    }
    this.#end();
    return { kind: 'with', values, body: this.#closed('endwith') };
  }

  #filters(): Filter[] {
    const filters: Filter[] = [];
    do {
      const name = this.#stream.expectKnown('filter');
      filters.push({
        name,
        arguments: this.#stream.isOp('(')
          ? parseArguments(this.#stream, this.#expressions)
          : { positional: [], named: [] }
      });
    } while (this.#stream.takeOp('|'));
    return filters;
  }

  #parameters(): Parameter[] {
    const stream = this.#stream;
    const parameters: Parameter[] = [];
    stream.expectOp('(');
    while (!stream.isOp(')')) {
      if (parameters.length > 0) stream.expectOp(',');
      if (stream.isOp(')')) break;
      const name = stream.expect('name').value;
      parameters.push(stream.takeOp('=') ? { name, fallback: this.#expressions.expression() } : { name });
    }
    stream.expectOp(')');
    return parameters;
  }

  #target(attributes: boolean): Target {
    const items = [this.#oneTarget(attributes)];
    let tuple = false;
    while (this.#stream.takeOp(',')) {
      tuple = true;
      if (this.#stream.isName('in') || this.#stream.isOp('=')) break;
      items.push(this.#oneTarget(attributes));
    }
    return tuple ? { kind: 'tuple', items } : items[0];
  }

  #oneTarget(attributes: boolean): Target {
    const stream = this.#stream;
    if (stream.takeOp('(')) {
      const target = stream.deeper(() => this.#target(attributes));
      stream.expectOp(')');
      return target;
    }
    const name = stream.expect('name').value;
    if (attributes && stream.takeOp('.'))
      return { kind: 'attribute', object: name, name: stream.expect('name').value };
    return { kind: 'name', name };
  }
}
