import { TemplateRunError, type Budget } from './limits';
import { lengthOfText } from './text';

/**
 * Python's values in JavaScript's: `null` is None, a number is an int, and what JavaScript has no word for is a class.
 */
export type Value =
  null | boolean | number | string | Float | Undefined | Tuple | Value[] | Dict | Namespace | Callable;

export type Dict = Map<Value, Value>;

export class Float {
  constructor(readonly value: number) {}
}

/** A name that is not there: empty where it is written, an error where something is asked of it. */
export class Undefined {
  constructor(readonly what: string) {}

  fail(): never {
    throw new TemplateRunError(`${this.what} is undefined`);
  }
}

export class Tuple {
  constructor(readonly items: Value[]) {}
}

/** The one thing that a template may write to: `namespace(...)`. */
export class Namespace {
  constructor(readonly values: Map<string, Value>) {}
}

export interface CallArguments {
  positional: Value[];
  named: Map<string, Value>;
}

/** A macro, a method, or a function of the environment; `loop` has fields as well. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: CallArguments) => Value,
    readonly fields?: { get(name: string): Value | undefined }
  ) {}
}

/** JSON as a template sees it. An integer is an int, any other number a float. */
export function fromJson(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return Number.isInteger(value) ? value : new Float(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(fromJson);
  return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
}

/** The value, or another where there is none; None is one. */
export function orElse(value: Value | undefined, other: Value): Value {
  return value === undefined ? other : value;
}

export function isNumber(value: Value): value is number | Float | boolean {
  return typeof value === 'number' || typeof value === 'boolean' || value instanceof Float;
}

export function numberOf(value: number | Float | boolean): number {
  return value instanceof Float ? value.value : Number(value);
}

export function typeName(value: Value): string {
  if (value === null) return 'None';
  if (value instanceof Float) return 'float';
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Tuple) return 'tuple';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Map) return 'dict';
  if (value instanceof Namespace) return 'namespace';
  if (value instanceof Callable) return 'function';
  return typeof value === 'number' ? 'int' : typeof value === 'boolean' ? 'bool' : 'str';
}

export function truthy(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Tuple) return value.items.length > 0;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  return typeof value === 'object' ? true : Boolean(value);
}

/** `==` of Python: by value, and 1 equals 1.0 equals True. */
export function equal(a: Value, b: Value, budget: Budget): boolean {
  budget.spend(1);
  if (isNumber(a) && isNumber(b)) return numberOf(a) === numberOf(b);
  if (a instanceof Undefined || b instanceof Undefined)
    return a instanceof Undefined && b instanceof Undefined;
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b, budget);
  if (a instanceof Tuple) return b instanceof Tuple && equalLists(a.items, b.items, budget);
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    return budget.deeper(() =>
      [...a].every(([key, value]) => b.has(key) && equal(value, b.get(key)!, budget))
    );
  }
  return a === b;
}

function equalLists(a: readonly Value[], b: readonly Value[], budget: Budget): boolean {
  return a.length === b.length && budget.deeper(() => a.every((item, i) => equal(item, b[i], budget)));
}

/** Below 0, 0 or above as Python orders two values. @throws TemplateRunError where it does not */
export function compare(a: Value, b: Value, budget: Budget): number {
  budget.spend(1);
  if (isNumber(a) && isNumber(b)) return numberOf(a) - numberOf(b);
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  const [left, right] = [sequenceOf(a), sequenceOf(b)];
  if (left && right && Array.isArray(a) === Array.isArray(b)) {
    return budget.deeper(() => {
      for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
        if (!equal(left[i], right[i], budget)) return compare(left[i], right[i], budget);
      }
      return left.length - right.length;
    });
  }
  if (a instanceof Undefined) a.fail();
  if (b instanceof Undefined) b.fail();
  throw new TemplateRunError(`${typeName(a)} and ${typeName(b)} have no order`);
}

/** By code points, not by UTF-16 units. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  if (at > 0 && /[\ud800-\udbff]/.test(a[at - 1])) at -= 1;
  return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
}

/** The items of a list or tuple; undefined for anything else. */
export function sequenceOf(value: Value): Value[] | undefined {
  return Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;
}

/** What a loop over the value goes through. @throws TemplateRunError */
export function iterate(value: Value, budget: Budget): Value[] {
  const sequence = sequenceOf(value);
  if (sequence) return sequence;
  if (value instanceof Map) return [...value.keys()];
  if (value instanceof Undefined) return [];
  if (typeof value === 'string') {
    budget.spend(value.length);
    return Array.from(value);
  }
  throw new TemplateRunError(`${typeName(value)} cannot be gone through`);
}

/** `len`. @throws TemplateRunError */
export function lengthOf(value: Value): number {
  if (typeof value === 'string') return lengthOfText(value);
  if (value instanceof Map) return value.size;
  if (value instanceof Undefined) return 0;
  const sequence = sequenceOf(value);
  if (sequence) return sequence.length;
  throw new TemplateRunError(`${typeName(value)} has no length`);
}

/** Whether `item in container`. @throws TemplateRunError */
export function contains(container: Value, item: Value, budget: Budget): boolean {
  if (typeof container === 'string') {
    if (typeof item !== 'string') {
      if (item instanceof Undefined) item.fail();
      throw new TemplateRunError(`${typeName(item)} is no part of a text`);
    }
    budget.text(container);
    return container.includes(item);
  }
  if (container instanceof Map) return container.has(keyOf(item));
  return iterate(container, budget).some((each) => equal(each, item, budget));
}

/** A dict's key: text, number, bool or None. @throws TemplateRunError */
export function keyOf(value: Value): Value {
  if (value instanceof Float) return value.value;
  if (typeof value === 'boolean') return Number(value);
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  throw new TemplateRunError(`${typeName(value)} cannot be a key`);
}
