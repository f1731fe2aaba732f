import type { Arguments, Expression, Filter, Parameter, Statement, Target } from './ast';
import { applyFilter } from './filters';
import { Budget, TemplateRunError } from './limits';
import { attributeOf, itemOf } from './methods';
import { binary, holds } from './operators';
import { Output } from './output';
import { loopOf } from './loop';
import { Scope } from './scope';
import { byPath } from './sequence-filters';
import { passes } from './tests';
import { sliceIndices, characters } from './text';
import {
  Callable,
  Float,
  isNumber,
  iterate,
  keyOf,
  Namespace,
  numberOf,
  sequenceOf,
  Tuple,
  truthy,
  typeName,
  Undefined,
  type CallArguments,
  type Value
} from './values';
import { toText } from './write';

/** How a body ended: at its end, or at a `break` or `continue` of the loop around it. */
type Outcome = 'done' | 'break' | 'continue';

const PICKS = new Map([
  ['select', { keep: true, attribute: false }],
  ['reject', { keep: false, attribute: false }],
  ['selectattr', { keep: true, attribute: true }],
  ['rejectattr', { keep: false, attribute: true }]
]);

/** Runs a parsed template once. */
export class Interpreter {
  readonly #budget = new Budget();

  /** What the template writes. @throws TemplateRunError */
  run(body: readonly Statement[], variables: ReadonlyMap<string, Value>): string {
    const output = new Output(this.#budget);
    this.#body(body, new Scope(undefined, variables), output);
    return output.text;
  }

  #body(body: readonly Statement[], scope: Scope, output: Output): Outcome {
    return this.#budget.deeper(() => {
      for (const statement of body) {
        this.#budget.spend(1);
        const outcome = this.#statement(statement, scope, output);
        if (outcome !== 'done') return outcome;
      }
      return 'done';
    });
  }

  /** What a body writes, as a text. */
  #text(body: readonly Statement[], scope: Scope): string {
    const output = new Output(this.#budget);
    this.#body(body, scope, output);
    return output.text;
  }

  #statement(statement: Statement, scope: Scope, output: Output): Outcome {
    switch (statement.kind) {
      case 'text':
        output.write(statement.text);
        return 'done';
      case 'output':
        output.write(toText(this.#value(statement.expression, scope), this.#budget));
        return 'done';
      case 'if': {
        const taken = truthy(this.#value(statement.test, scope)) ? statement.then : statement.otherwise;
        return this.#body(taken, scope, output);
      }
      case 'for':
        this.#loop(statement, scope, output, this.#value(statement.items, scope), 0);
        return 'done';
      case 'set':
        this.#assign(statement.target, this.#value(statement.value, scope), scope);
        return 'done';
      case 'capture': {
        const text = this.#text(statement.body, new Scope(scope));
        this.#assign(statement.target, this.#filtered(text, statement.filters, scope), scope);
        return 'done';
      }
      case 'macro':
        scope.set(statement.name, this.#macro(statement.name, statement.parameters, statement.body, scope));
        return 'done';
      case 'call': {
        const caller = this.#macro('caller', statement.parameters, statement.body, scope);
        output.write(toText(this.#call(statement.call, scope, caller), this.#budget));
        return 'done';
      }
      case 'filter': {
        const text = this.#text(statement.body, new Scope(scope));
        output.write(toText(this.#filtered(text, statement.filters, scope), this.#budget));
        return 'done';
      }
      case 'with': {
        const inner = new Scope(scope);
        for (const { target, value } of statement.values)
          this.#assign(target, this.#value(value, scope), inner);
        return this.#body(statement.body, inner, output);
      }
      case 'generation':
        // A mark for others; what an answer is, is told here by what is asked and what follows.
        return this.#body(statement.body, new Scope(scope), output);
      case 'break':
      case 'continue':
        return statement.kind;
    }
  }

  #loop(
    statement: Extract<Statement, { kind: 'for' }>,
    scope: Scope,
    output: Output,
    over: Value,
    depth: number
  ): void {
    let items = iterate(over, this.#budget);
    const { filter, body } = statement;
    if (filter) {
      items = items.filter((item) => {
        const inner = new Scope(scope);
        this.#assign(statement.target, item, inner);
        return truthy(this.#value(filter, inner));
      });
    }
    const again = (value: Value) => {
      const inside = new Output(this.#budget);
      this.#budget.deeper(() => this.#loop(statement, scope, inside, value, depth + 1));
      return inside.text;
    };
    const loop = loopOf(items, depth, statement.recursive ? again : undefined, this.#budget);
    for (const [i, item] of items.entries()) {
      this.#budget.spend(1);
      const inner = new Scope(scope);
      this.#assign(statement.target, item, inner);
      inner.set('loop', loop(i));
      if (this.#body(body, inner, output) === 'break') break;
    }
    if (items.length === 0) this.#body(statement.otherwise, new Scope(scope), output);
  }

  #assign(target: Target, value: Value, scope: Scope): void {
    if (target.kind === 'name') {
      scope.set(target.name, value);
    } else if (target.kind === 'attribute') {
      const space = scope.get(target.object);
      if (!(space instanceof Namespace)) throw new TemplateRunError(`"${target.object}" is no namespace`);
      space.values.set(target.name, value);
    } else {
      const values = iterate(value, this.#budget);
      if (values.length !== target.items.length) {
        throw new TemplateRunError(`${values.length} values are unpacked into ${target.items.length} names`);
      }
      target.items.forEach((item, i) => this.#assign(item, values[i], scope));
    }
  }

  /** A macro sees the names around its definition. */
  #macro(name: string, parameters: readonly Parameter[], body: readonly Statement[], scope: Scope): Callable {
    return new Callable(name, ({ positional, named }) => {
      const inner = new Scope(scope);
      const left = new Map(named);
      parameters.forEach((parameter, i) => {
        const given = i < positional.length ? positional[i] : left.get(parameter.name);
        left.delete(parameter.name);
        const missing = () =>
          parameter.fallback ? this.#value(parameter.fallback, inner) : new Undefined(`"${parameter.name}"`);
        inner.set(parameter.name, given === undefined ? missing() : given);
      });
      const caller = left.get('caller');
      if (caller !== undefined) inner.set('caller', caller);
      left.delete('caller');
      inner.set('varargs', new Tuple(positional.slice(parameters.length)));
      inner.set('kwargs', new Map(left));
      return this.#text(body, inner);
    });
  }

  #filtered(text: string, filters: readonly Filter[], scope: Scope): Value {
    return filters.reduce<Value>(
      (value, filter) => this.#filter(filter.name, value, this.#arguments(filter.arguments, scope)),
      text
    );
  }

  #value(expression: Expression, scope: Scope): Value {
    this.#budget.spend(1);
    return this.#budget.deeper(() => this.#evaluate(expression, scope));
  }

  #evaluate(expression: Expression, scope: Scope): Value {
    const budget = this.#budget;
    switch (expression.kind) {
      case 'constant':
        return expression.value;
      case 'float':
        return new Float(expression.value);
      case 'name':
        return scope.get(expression.name);
      case 'list':
        return expression.items.map((item) => this.#value(item, scope));
      case 'tuple':
        return new Tuple(expression.items.map((item) => this.#value(item, scope)));
      case 'dict':
        return new Map(
          expression.entries.map(([key, value]) => [
            keyOf(this.#value(key, scope)),
            this.#value(value, scope)
          ])
        );
      case 'unary':
        return this.#unary(expression.operator, this.#value(expression.operand, scope));
      case 'binary':
        return binary(
          expression.operator,
          this.#value(expression.left, scope),
          this.#value(expression.right, scope),
          budget
        );
      case 'logical': {
        const left = this.#value(expression.left, scope);
        return truthy(left) === (expression.operator === 'or') ? left : this.#value(expression.right, scope);
      }
      case 'concat': {
        const texts = expression.parts.map((part) => toText(this.#value(part, scope), budget));
        budget.room(texts.reduce((sum, text) => sum + text.length, 0));
        return texts.join('');
      }
      case 'compare':
        return this.#compare(expression, scope);
      case 'conditional':
        if (truthy(this.#value(expression.test, scope))) return this.#value(expression.then, scope);
        return expression.otherwise
          ? this.#value(expression.otherwise, scope)
          : new Undefined('what an if without else leaves out');
      case 'attribute':
        return attributeOf(this.#value(expression.object, scope), expression.name, budget);
      case 'item':
        return itemOf(this.#value(expression.object, scope), this.#value(expression.key, scope), budget);
      case 'slice':
        return this.#slice(expression, scope);
      case 'call':
        return this.#call(expression, scope);
      case 'filter':
        return this.#filter(
          expression.name,
          this.#value(expression.operand, scope),
          this.#arguments(expression.arguments, scope)
        );
      case 'test': {
        const args = this.#arguments(expression.arguments, scope);
        return (
          passes(expression.name, this.#value(expression.operand, scope), args, budget) !== expression.negated
        );
      }
    }
  }

  #unary(operator: '-' | '+' | 'not', value: Value): Value {
    if (operator === 'not') return !truthy(value);
    if (!isNumber(value)) {
      if (value instanceof Undefined) value.fail();
      throw new TemplateRunError(`${typeName(value)} has no sign`);
    }
    const signed = operator === '-' ? -numberOf(value) : numberOf(value);
    return value instanceof Float ? new Float(signed) : signed;
  }

  #compare(expression: Extract<Expression, { kind: 'compare' }>, scope: Scope): Value {
    let left = this.#value(expression.first, scope);
    for (const { operator, right } of expression.rest) {
      const next = this.#value(right, scope);
      if (!holds(operator, left, next, this.#budget)) return false;
      left = next;
    }
    return true;
  }

  #slice(expression: Extract<Expression, { kind: 'slice' }>, scope: Scope): Value {
    const value = this.#value(expression.object, scope);
    if (value instanceof Undefined) value.fail();
    const bound = (part: Expression | undefined) => {
      const at = part && this.#value(part, scope);
      if (at === undefined || at === null) return undefined;
      if (typeof at === 'number') return at;
      throw new TemplateRunError(`${typeName(at)} is no place in a slice`);
    };
    const items = typeof value === 'string' ? characters(this.#budget.text(value)) : sequenceOf(value);
    if (!items) throw new TemplateRunError(`${typeName(value)} cannot be sliced`);
    const step = bound(expression.step) ?? 1;
    if (step === 0) throw new TemplateRunError('a slice cannot go on the spot');
    const places = sliceIndices(items.length, bound(expression.start), bound(expression.stop), step);
    this.#budget.spend(places.length);
    const taken = places.map((at) => items[at]);
    if (typeof value === 'string') return taken.join('');
    return Array.isArray(value) ? taken : new Tuple(taken);
  }

  #call(expression: Expression, scope: Scope, caller?: Callable): Value {
    if (expression.kind !== 'call') throw new TemplateRunError('nothing is called');
    const callee = this.#value(expression.callee, scope);
    const args = this.#arguments(expression.arguments, scope);
    if (caller) args.named.set('caller', caller);
    if (callee instanceof Undefined) callee.fail();
    if (!(callee instanceof Callable)) throw new TemplateRunError(`${typeName(callee)} cannot be called`);
    return this.#budget.deeper(() => callee.call(args));
  }

  #arguments(args: Arguments, scope: Scope): CallArguments {
    const positional = args.positional.map((each) => this.#value(each, scope));
    const named = new Map(args.named.map(({ name, value }) => [name, this.#value(value, scope)]));
    if (args.spread) positional.push(...iterate(this.#value(args.spread, scope), this.#budget));
    if (args.namedSpread) {
      const more = this.#value(args.namedSpread, scope);
      if (!(more instanceof Map)) throw new TemplateRunError('** needs a dict');
      for (const [key, value] of more) named.set(toText(key, this.#budget), value);
    }
    return { positional, named };
  }

  /** Filters that use others, or tests, are here; the rest in `filters.ts`. */
  #filter(name: string, value: Value, args: CallArguments): Value {
    const picks = PICKS.get(name);
    if (picks) return this.#pick(value, args, picks);
    return name === 'map' ? this.#map(value, args) : applyFilter(name, value, args, this.#budget);
  }

  #map(value: Value, { positional, named }: CallArguments): Value {
    const attribute = named.get('attribute');
    // What is empty or None has no items here, though a loop over None is an error.
    const items = truthy(value) ? iterate(value, this.#budget) : [];
    if (attribute !== undefined) {
      const fallback = named.get('default');
      return items.map((item) => {
        const found = byPath(item, attribute, this.#budget);
        return found instanceof Undefined && fallback !== undefined ? fallback : found;
      });
    }
    const [name, ...rest] = positional;
    return items.map((item) =>
      this.#filter(toText(name ?? '', this.#budget), item, { positional: rest, named })
    );
  }

  #pick(
    value: Value,
    { positional, named }: CallArguments,
    { keep, attribute }: { keep: boolean; attribute: boolean }
  ): Value {
    const rest = [...positional];
    const path = attribute ? rest.shift() : undefined;
    if (attribute && path === undefined) throw new TemplateRunError('selectattr() needs an attribute');
    const test = rest.shift();
    return (truthy(value) ? iterate(value, this.#budget) : []).filter((item) => {
      const subject = path === undefined ? item : byPath(item, path, this.#budget);
      const holds =
        test === undefined
          ? truthy(subject)
          : passes(toText(test, this.#budget), subject, { positional: rest, named }, this.#budget);
      return holds === keep;
    });
  }
}
