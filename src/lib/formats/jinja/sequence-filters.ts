import type { BoundArguments, Filter } from './arguments';
import { TemplateRunError, type Budget } from './limits';
import { itemOf, joined } from './methods';
import { characters } from './text';
import {
  compare,
  equal,
  Float,
  isNumber,
  iterate,
  keyOf,
  lengthOf,
  numberOf,
  orElse,
  Tuple,
  truthy,
  typeName,
  Undefined,
  type Value
} from './values';
import { toText } from './write';

/** Filters over lists and dicts that need no other filter or test. */
export const SEQUENCE_FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['batch', [['linecount', 'fill_with'], batch]],
  ['slice', [['slices', 'fill_with'], slices]],
  ['dictsort', [['case_sensitive', 'by', 'reverse'], dictSort]],
  [
    'first',
    [[], (value, _, budget) => orElse(iterate(value, budget)[0], new Undefined('the first of nothing'))]
  ],
  [
    'last',
    [[], (value, _, budget) => orElse(iterate(value, budget).at(-1), new Undefined('the last of nothing'))]
  ],
  ['groupby', [['attribute', 'default'], groupBy]],
  ['items', [[], items]],
  ['join', [['d', 'attribute'], join]],
  ['list', [[], (value, _, budget) => [...iterate(value, budget)]]],
  ['max', [['case_sensitive', 'attribute'], (value, args, budget) => extreme(value, args, budget, 1)]],
  ['min', [['case_sensitive', 'attribute'], (value, args, budget) => extreme(value, args, budget, -1)]],
  ['reverse', [[], reverse]],
  ['sort', [['reverse', 'case_sensitive', 'attribute'], sort]],
  ['sum', [['attribute', 'start'], sum]],
  ['unique', [['case_sensitive', 'attribute'], unique]]
]);

/** An attribute by its path: `function.name`, or `0.role`. */
export function byPath(value: Value, path: Value, budget: Budget): Value {
  if (typeof path === 'number') return itemOf(value, path, budget);
  return toText(path, budget)
    .split('.')
    .reduce<Value>((at, step) => itemOf(at, /^\d+$/.test(step) ? Number(step) : step, budget), value);
}

/** What a list is ordered by: an attribute, and without regard to case unless asked. */
function keyFor(args: BoundArguments, budget: Budget): (value: Value) => Value {
  const attribute = args.get('attribute');
  const sensitive = truthy(args.get('case_sensitive') ?? false);
  return (value) => {
    const key = attribute === undefined || attribute === null ? value : byPath(value, attribute, budget);
    return typeof key === 'string' && !sensitive ? key.toLowerCase() : key;
  };
}

function sorted(values: readonly Value[], key: (value: Value) => Value, budget: Budget): Value[] {
  const keyed = values.map((value) => ({ value, key: key(value) }));
  keyed.sort((a, b) => compare(a.key, b.key, budget));
  return keyed.map(({ value }) => value);
}

function sort(value: Value, args: BoundArguments, budget: Budget): Value {
  const list = iterate(value, budget);
  const key = keyFor(args, budget);
  // Turned around before and after, so that equals stay in their order, as in Python.
  if (!truthy(args.get('reverse') ?? false)) return sorted(list, key, budget);
  return sorted([...list].reverse(), key, budget).reverse();
}

function dictSort(value: Value, args: BoundArguments, budget: Budget): Value {
  if (!(value instanceof Map)) throw new TemplateRunError(`${typeName(value)} is no dict`);
  const sensitive = truthy(args.get('case_sensitive') ?? false);
  const at = args.text('by') === 'value' ? 1 : 0;
  const entries = [...value].map(([key, item]) => new Tuple([key, item]));
  const key = (entry: Value) => {
    const part = (entry as Tuple).items[at];
    return typeof part === 'string' && !sensitive ? part.toLowerCase() : part;
  };
  const result = sorted(entries, key, budget);
  return truthy(args.get('reverse') ?? false) ? result.reverse() : result;
}

function extreme(value: Value, args: BoundArguments, budget: Budget, sign: 1 | -1): Value {
  const list = iterate(value, budget);
  if (list.length === 0) return new Undefined('the least or most of nothing');
  const key = keyFor(args, budget);
  return list.reduce((best, each) => (sign * compare(key(each), key(best), budget) > 0 ? each : best));
}

function groupBy(value: Value, args: BoundArguments, budget: Budget): Value {
  const attribute = args.require('attribute');
  const keyOfItem = (item: Value) => {
    const found = byPath(item, attribute, budget);
    return found instanceof Undefined ? orElse(args.get('default'), found) : found;
  };
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(iterate(value, budget), keyOfItem, budget)) {
    const key = keyOfItem(item);
    const last = groups[groups.length - 1];
    if (last && equal(last.key, key, budget)) last.items.push(item);
    else groups.push({ key, items: [item] });
  }
  return groups.map(({ key, items: list }) => new Tuple([key, list]));
}

function unique(value: Value, args: BoundArguments, budget: Budget): Value {
  const key = keyFor(args, budget);
  const seen = new Set<Value>();
  return iterate(value, budget).filter((item) => {
    const each = keyOf(key(item));
    if (seen.has(each)) return false;
    seen.add(each);
    return true;
  });
}

function items(value: Value): Value {
  if (value instanceof Undefined) return [];
  if (!(value instanceof Map)) throw new TemplateRunError(`${typeName(value)} is no dict`);
  return [...value].map(([key, item]) => new Tuple([key, item]));
}

function join(value: Value, args: BoundArguments, budget: Budget): Value {
  const attribute = args.get('attribute');
  const texts = iterate(value, budget).map((item) =>
    toText(attribute === undefined || attribute === null ? item : byPath(item, attribute, budget), budget)
  );
  return joined(texts, toText(args.get('d') ?? '', budget), budget);
}

function reverse(value: Value, _: BoundArguments, budget: Budget): Value {
  if (typeof value === 'string') return characters(budget.text(value)).reverse().join('');
  return [...iterate(value, budget)].reverse();
}

function sum(value: Value, args: BoundArguments, budget: Budget): Value {
  const attribute = args.get('attribute');
  let total = args.get('start') ?? 0;
  for (const item of iterate(value, budget)) {
    const each = attribute === undefined || attribute === null ? item : byPath(item, attribute, budget);
    if (!isNumber(each) || !isNumber(total)) throw new TemplateRunError(`${typeName(each)} is no number`);
    const result: number = numberOf(total) + numberOf(each);
    total = each instanceof Float || total instanceof Float ? new Float(result) : result;
  }
  return total;
}

function batch(value: Value, args: BoundArguments, budget: Budget): Value {
  const size = args.int('linecount') ?? 0;
  if (size < 1) throw new TemplateRunError('batch() needs a size above zero');
  const list = iterate(value, budget);
  const rows: Value[][] = [];
  for (let at = 0; at < list.length; at += size) rows.push(list.slice(at, at + size));
  const fill = args.get('fill_with');
  const last = rows[rows.length - 1];
  if (last && fill !== undefined && fill !== null) {
    budget.spend(size);
    while (last.length < size) last.push(fill);
  }
  return rows;
}

function slices(value: Value, args: BoundArguments, budget: Budget): Value {
  const count = args.int('slices') ?? 0;
  if (count < 1) throw new TemplateRunError('slice() needs a number above zero');
  budget.spend(count);
  const list = iterate(value, budget);
  const [least, extra] = [Math.floor(lengthOf(list) / count), lengthOf(list) % count];
  const fill = args.get('fill_with');
  return Array.from({ length: count }, (_, i) => {
    const start = i * least + Math.min(i, extra);
    const row = list.slice(start, start + least + (i < extra ? 1 : 0));
    return fill !== undefined && fill !== null && i >= extra ? [...row, fill] : row;
  });
}
