import { BoundArguments } from './arguments';
import type { Budget } from './limits';
import {
  Callable,
  compare,
  contains,
  equal,
  Float,
  isNumber,
  numberOf,
  sequenceOf,
  Undefined,
  type CallArguments,
  type Value
} from './values';

type Test = (value: Value, args: BoundArguments, budget: Budget) => boolean;

const integer = (value: Value) => typeof value === 'number';
const other = (args: BoundArguments) => args.require('other');

const equals: Test = (value, args, budget) => equal(value, other(args), budget);
const orders = (holds: (order: number) => boolean): Test => {
  return (value, args, budget) => holds(compare(value, other(args), budget));
};
const divisible = (value: Value, by: Value) =>
  isNumber(value) && isNumber(by) && numberOf(value) % numberOf(by) === 0;

/** Jinja's tests, as in `value is name`. */
export const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['defined', (value) => !(value instanceof Undefined)],
  ['undefined', (value) => value instanceof Undefined],
  ['none', (value) => value === null],
  ['boolean', (value) => typeof value === 'boolean'],
  ['true', (value) => value === true],
  ['false', (value) => value === false],
  ['string', (value) => typeof value === 'string'],
  ['number', isNumber],
  ['integer', integer],
  ['float', (value) => value instanceof Float],
  ['mapping', (value) => value instanceof Map],
  // Python's `__iter__` and `__len__` with `__getitem__`: an undefined value has the first.
  ['iterable', (value) => isIterable(value) || value instanceof Undefined],
  ['sequence', isIterable],
  ['callable', (value) => value instanceof Callable],
  ['even', (value) => divisible(value, 2)],
  ['odd', (value) => isNumber(value) && Math.abs(numberOf(value) % 2) === 1],
  ['divisibleby', (value, args) => divisible(value, other(args))],
  ['in', (value, args, budget) => contains(other(args), value, budget)],
  ['sameas', (value, args) => value === other(args)],
  ['eq', equals],
  ['equalto', equals],
  ['ne', (value, args, budget) => !equal(value, other(args), budget)],
  ['lt', orders((order) => order < 0)],
  ['lessthan', orders((order) => order < 0)],
  ['le', orders((order) => order <= 0)],
  ['gt', orders((order) => order > 0)],
  ['greaterthan', orders((order) => order > 0)],
  ['ge', orders((order) => order >= 0)],
  ['upper', (value) => typeof value === 'string' && /\p{Lu}/u.test(value) && !/\p{Ll}/u.test(value)],
  ['lower', (value) => typeof value === 'string' && /\p{Ll}/u.test(value) && !/\p{Lu}/u.test(value)]
]);

function isIterable(value: Value): boolean {
  return typeof value === 'string' || value instanceof Map || sequenceOf(value) !== undefined;
}

/** Whether `value is name(arguments)`. @throws TemplateRunError */
export function passes(name: string, value: Value, args: CallArguments, budget: Budget): boolean {
  return TESTS.get(name)!(value, new BoundArguments(`the test "${name}"`, ['other'], args), budget);
}
