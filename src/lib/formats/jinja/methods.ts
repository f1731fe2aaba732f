import { BoundArguments } from './arguments';
import { TemplateRunError, type Budget } from './limits';
import { capitalize, characters, isSpace, lengthOfText, split, splitLines, strip, titleCase } from './text';
import {
  Callable,
  equal,
  Float,
  isNumber,
  iterate,
  keyOf,
  Namespace,
  numberOf,
  orElse,
  sequenceOf,
  Tuple,
  typeName,
  Undefined,
  type CallArguments,
  type Dict,
  type Value
} from './values';
import { repr, toText } from './write';

type Method<T> = (self: T, args: BoundArguments, budget: Budget) => Value;

/** A method by its name: the names of its parameters, and what it does. */
type Methods<T> = ReadonlyMap<string, readonly [parameters: readonly string[], method: Method<T>]>;

const parts = (list: readonly string[]): Value[] => [...list];
const every = (self: string, property: RegExp) => self !== '' && property.test(self);

const TEXT_METHODS: Methods<string> = new Map<string, readonly [readonly string[], Method<string>]>([
  ['strip', [['chars'], (self, args) => strip(self, args.text('chars'))]],
  ['lstrip', [['chars'], (self, args) => strip(self, args.text('chars'), 'left')]],
  ['rstrip', [['chars'], (self, args) => strip(self, args.text('chars'), 'right')]],
  ['upper', [[], (self) => self.toUpperCase()]],
  ['lower', [[], (self) => self.toLowerCase()]],
  ['casefold', [[], (self) => self.toLowerCase()]],
  ['title', [[], titleCase]],
  ['capitalize', [[], capitalize]],
  ['split', [['sep', 'maxsplit'], (self, args) => splitText(self, args, false)]],
  ['rsplit', [['sep', 'maxsplit'], (self, args) => splitText(self, args, true)]],
  ['splitlines', [['keepends'], (self, args) => parts(splitLines(self, args.get('keepends') === true))]],
  ['startswith', [['prefix', 'start', 'end'], (self, args) => affix(self, args, 'prefix')]],
  ['endswith', [['suffix', 'start', 'end'], (self, args) => affix(self, args, 'suffix')]],
  ['replace', [['old', 'new', 'count'], replaceText]],
  ['removeprefix', [['prefix'], (self, args) => cutStart(self, args.text('prefix') ?? '')]],
  ['removesuffix', [['suffix'], (self, args) => cutEnd(self, args.text('suffix') ?? '')]],
  ['find', [['sub', 'start', 'end'], (self, args) => findText(self, args, false)]],
  ['rfind', [['sub', 'start', 'end'], (self, args) => findText(self, args, true)]],
  ['index', [['sub', 'start', 'end'], (self, args) => found(findText(self, args, false))]],
  ['rindex', [['sub', 'start', 'end'], (self, args) => found(findText(self, args, true))]],
  ['count', [['sub'], (self, args) => countText(self, args.text('sub') ?? '')]],
  ['join', [['iterable'], joinText]],
  ['isdigit', [[], (self) => every(self, /^\p{Nd}+$/u)]],
  ['isnumeric', [[], (self) => every(self, /^\p{N}+$/u)]],
  ['isdecimal', [[], (self) => every(self, /^\p{Nd}+$/u)]],
  ['isalpha', [[], (self) => every(self, /^\p{L}+$/u)]],
  ['isalnum', [[], (self) => every(self, /^[\p{L}\p{N}]+$/u)]],
  ['isspace', [[], (self) => self !== '' && [...self].every((each) => isSpace(each.charCodeAt(0)))]],
  ['isupper', [[], (self) => /\p{Lu}/u.test(self) && !/[\p{Ll}\p{Lt}]/u.test(self)]],
  ['islower', [[], (self) => /\p{Ll}/u.test(self) && !/[\p{Lu}\p{Lt}]/u.test(self)]],
  ['zfill', [['width'], (self, args, budget) => zeroFill(self, args.int('width') ?? 0, budget)]],
  ['ljust', [['width', 'fillchar'], (self, args, budget) => pad(self, args, budget, 'right')]],
  ['rjust', [['width', 'fillchar'], (self, args, budget) => pad(self, args, budget, 'left')]],
  ['center', [['width', 'fillchar'], (self, args, budget) => pad(self, args, budget, 'both')]],
  ['partition', [['sep'], (self, args) => partition(self, args.text('sep') ?? '', false)]],
  ['rpartition', [['sep'], (self, args) => partition(self, args.text('sep') ?? '', true)]]
]);

const LIST_METHODS: Methods<readonly Value[]> = new Map<
  string,
  readonly [readonly string[], Method<readonly Value[]>]
>([
  [
    'index',
    [
      ['value'],
      (self, args, budget) => found(self.findIndex((each) => equal(each, args.require('value'), budget)))
    ]
  ],
  [
    'count',
    [
      ['value'],
      (self, args, budget) => self.filter((each) => equal(each, args.require('value'), budget)).length
    ]
  ],
  ['copy', [[], (self) => [...self]]]
]);

const DICT_METHODS: Methods<Dict> = new Map<string, readonly [readonly string[], Method<Dict>]>([
  [
    'get',
    [
      ['key', 'default'],
      (self, args) => orElse(self.get(keyOf(args.require('key'))), orElse(args.get('default'), null))
    ]
  ],
  ['items', [[], (self) => [...self].map(([key, value]) => new Tuple([key, value]))]],
  ['keys', [[], (self) => [...self.keys()]]],
  ['values', [[], (self) => [...self.values()]]],
  ['copy', [[], (self) => new Map(self)]]
]);

/** The method of that name, bound to its value; undefined where the value has none. */
export function methodOf(value: Value, name: string, budget: Budget): Callable | undefined {
  if (typeof value === 'string') {
    if (name === 'format') return new Callable(name, (args) => formatBraces(value, args, budget));
    return bound(value, name, TEXT_METHODS, () => budget.text(value), budget);
  }
  if (value instanceof Map) return bound(value, name, DICT_METHODS, () => budget.spend(value.size), budget);
  const items = sequenceOf(value);
  return items && bound(items, name, LIST_METHODS, () => budget.spend(items.length), budget);
}

function bound<T>(
  self: T,
  name: string,
  methods: Methods<T>,
  spend: () => unknown,
  budget: Budget
): Callable | undefined {
  const found = methods.get(name);
  if (!found) return undefined;
  const [parameters, method] = found;
  return new Callable(name, (args) => {
    spend();
    return method(self, new BoundArguments(`${name}()`, parameters, args), budget);
  });
}

function splitText(self: string, args: BoundArguments, fromRight: boolean): Value {
  const separator = args.text('sep');
  if (separator === '') throw new TemplateRunError('split() has an empty separator');
  return parts(split(self, separator, args.int('maxsplit') ?? -1, fromRight));
}

function affix(self: string, args: BoundArguments, name: 'prefix' | 'suffix'): Value {
  const wanted = args.require(name);
  const text = sliced(self, args.int('start'), args.int('end'));
  const one = (each: Value) => {
    if (typeof each !== 'string') throw new TemplateRunError(`a ${name} is text, not ${typeName(each)}`);
    return name === 'prefix' ? text.startsWith(each) : text.endsWith(each);
  };
  return wanted instanceof Tuple ? wanted.items.some(one) : one(wanted);
}

function sliced(text: string, start: number | undefined, end: number | undefined): string {
  return start === undefined && end === undefined ? text : characters(text).slice(start, end).join('');
}

function replaceText(self: string, args: BoundArguments, budget: Budget): Value {
  const [old, made] = [args.text('old'), args.text('new')];
  if (old === undefined || made === undefined) throw new TemplateRunError('replace() needs two texts');
  return replaced(self, old, made, args.int('count') ?? -1, budget);
}

/** `str.replace`; an empty `old` stands before and behind each character. */
export function replaced(text: string, old: string, made: string, count: number, budget: Budget): string {
  const pieces = old === '' ? ['', ...characters(text), ''] : text.split(old);
  budget.spend(pieces.length);
  const times = count < 0 ? pieces.length - 1 : Math.min(count, pieces.length - 1);
  budget.room(text.length + times * made.length);
  const head = pieces.slice(0, times + 1).join(made);
  const tail = pieces.slice(times + 1);
  return tail.length === 0 ? head : head + old + tail.join(old);
}

function cutStart(self: string, prefix: string): string {
  return self.startsWith(prefix) ? self.slice(prefix.length) : self;
}

function cutEnd(self: string, suffix: string): string {
  return suffix !== '' && self.endsWith(suffix) ? self.slice(0, -suffix.length) : self;
}

function findText(self: string, args: BoundArguments, last: boolean): number {
  const wanted = args.text('sub') ?? '';
  const [start, end] = [args.int('start'), args.int('end')];
  const text = sliced(self, start, end);
  const at = last ? text.lastIndexOf(wanted) : text.indexOf(wanted);
  if (at < 0) return -1;
  const before = start === undefined ? 0 : start < 0 ? Math.max(0, lengthOfText(self) + start) : start;
  return before + lengthOfText(text.slice(0, at));
}

function found(at: number): number {
  if (at < 0) throw new TemplateRunError('index() does not find what it looks for');
  return at;
}

function countText(self: string, wanted: string): number {
  return wanted === '' ? lengthOfText(self) + 1 : self.split(wanted).length - 1;
}

function joinText(self: string, args: BoundArguments, budget: Budget): Value {
  return joined(
    iterate(args.require('iterable'), budget).map((item) => {
      if (typeof item !== 'string') throw new TemplateRunError(`join() joins texts, not ${typeName(item)}`);
      return item;
    }),
    self,
    budget
  );
}

export function joined(texts: readonly string[], separator: string, budget: Budget): string {
  budget.room(texts.reduce((sum, text) => sum + text.length + separator.length, 0));
  return texts.join(separator);
}

function pad(self: string, args: BoundArguments, budget: Budget, side: 'left' | 'right' | 'both'): string {
  const fill = args.text('fillchar') ?? ' ';
  const missing = Math.max(0, (args.int('width') ?? 0) - lengthOfText(self));
  budget.room(self.length + missing);
  const left = side === 'left' ? missing : side === 'right' ? 0 : centred(missing, args.int('width') ?? 0);
  return fill.repeat(left) + self + fill.repeat(missing - left);
}

/** CPython puts the odd space left where the width is odd as well. */
export function centred(missing: number, width: number): number {
  return Math.floor(missing / 2) + (missing & width & 1);
}

function zeroFill(self: string, width: number, budget: Budget): string {
  const missing = Math.max(0, width - lengthOfText(self));
  budget.room(self.length + missing);
  const sign = /^[+-]/.test(self) ? self[0] : '';
  return sign + '0'.repeat(missing) + self.slice(sign.length);
}

function partition(self: string, separator: string, last: boolean): Value {
  const at = last ? self.lastIndexOf(separator) : self.indexOf(separator);
  if (at < 0) return new Tuple(last ? ['', '', self] : [self, '', '']);
  return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)]);
}

/** `'{} {name}'.format(…)`, without format specifications. */
function formatBraces(text: string, { positional, named }: CallArguments, budget: Budget): string {
  let next = 0;
  return text.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (whole, field: string | undefined) => {
    if (field === undefined) return whole[0];
    const value =
      field === '' ? positional[next++] : /^\d+$/.test(field) ? positional[Number(field)] : named.get(field);
    if (value === undefined) throw new TemplateRunError(`format() has nothing for {${field}}`);
    return budget.text(toText(value, budget));
  });
}

/** `'%s' % value`. @throws TemplateRunError */
export function formatPercent(text: string, value: Value, budget: Budget): string {
  const values = value instanceof Tuple ? [...value.items] : [value];
  const take = (name: string | undefined): Value => {
    if (name !== undefined) return (value instanceof Map && value.get(name)) || new Undefined(name);
    const next = values.shift();
    if (next === undefined)
      throw new TemplateRunError(`there are not enough values for ${JSON.stringify(text)}`);
    return next;
  };
  return text.replace(
    /%(?:\(([^)]*)\))?(0?)(-?)(\d{0,4})(?:\.(\d{1,2}))?([sdrif%])/g,
    (_, name: string | undefined, zero, left, width, digits: string | undefined, type: string) => {
      if (type === '%') return '%';
      const written = percentValue(take(name), type, digits, budget);
      if (width === '') return written;
      if (left) return written.padEnd(Number(width));
      return zero ? zeroFill(written, Number(width), budget) : written.padStart(Number(width));
    }
  );
}

function percentValue(value: Value, type: string, digits: string | undefined, budget: Budget): string {
  if (type === 'r') return repr(value, budget);
  if (type === 's') {
    const text = toText(value, budget);
    return digits === undefined ? text : characters(text).slice(0, Number(digits)).join('');
  }
  if (!isNumber(value)) throw new TemplateRunError(`%${type} needs a number, not ${typeName(value)}`);
  return type === 'f' ? numberOf(value).toFixed(Number(digits ?? 6)) : String(Math.trunc(numberOf(value)));
}

/** `value.name`: for a dict its method first, then its key. Undefined where there is neither. */
export function attributeOf(value: Value, name: string, budget: Budget): Value {
  if (value instanceof Undefined) value.fail();
  const missing = new Undefined(`"${name}" of ${typeName(value)}`);
  // As in Jinja's sandbox: what begins with an underscore is Python's own.
  if (name.startsWith('_')) return missing;
  if (value instanceof Namespace) return orElse(value.values.get(name), missing);
  if (value instanceof Callable) return orElse(value.fields?.get(name), missing);
  const method = methodOf(value, name, budget);
  if (method) return method;
  return value instanceof Map ? orElse(value.get(name), missing) : missing;
}

/** `value[key]`: the key first, then the attribute. */
export function itemOf(value: Value, key: Value, budget: Budget): Value {
  if (value instanceof Undefined) value.fail();
  const missing = () =>
    new Undefined(`${typeof key === 'string' ? `"${key}"` : toText(key, budget)} of ${typeName(value)}`);
  const items = typeof value === 'string' ? undefined : sequenceOf(value);
  const at = typeof key === 'boolean' ? Number(key) : key;
  if (typeof at === 'number') {
    if (typeof value === 'string') return orElse(textItem(value, at, budget), missing());
    if (items) return orElse(items.at(at), missing());
  }
  if (value instanceof Map && !(key instanceof Float)) {
    const found = typeof key === 'object' && key !== null ? undefined : value.get(keyOf(key));
    if (found !== undefined) return found;
  }
  return typeof key === 'string' ? attributeOf(value, key, budget) : missing();
}

function textItem(text: string, at: number, budget: Budget): string | undefined {
  budget.text(text);
  return /[\ud800-\udfff]/.test(text) ? characters(text).at(at) : text.at(at);
}
