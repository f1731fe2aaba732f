import { BoundArguments, type Filter } from './arguments';
import { SEQUENCE_FILTERS } from './sequence-filters';
import { TemplateRunError, type Budget } from './limits';
import { attributeOf, centred, formatPercent, replaced } from './methods';
import { capitalize, lengthOfText, LINE_ENDS, strip } from './text';
import {
  Float,
  isNumber,
  iterate,
  lengthOf,
  numberOf,
  orElse,
  Tuple,
  truthy,
  typeName,
  Undefined,
  type CallArguments,
  type Value
} from './values';
import { toJson, toText } from './write';

const text = (change: (value: string, args: BoundArguments, budget: Budget) => Value): Filter[1] => {
  return (value, args, budget) => change(budget.text(toText(value, budget)), args, budget);
};

const length: Filter = [[], (value) => lengthOf(value)];
const fallback: Filter = [
  ['default_value', 'boolean'],
  (value, args) => {
    const replace = value instanceof Undefined || (truthy(args.get('boolean') ?? false) && !truthy(value));
    return replace ? orElse(args.get('default_value'), '') : value;
  }
];
const escape: Filter = [[], text((value) => value.replace(/[&<>'"]/g, (each) => `&${ENTITIES.get(each)};`))];
const ENTITIES = new Map(Object.entries({ '&': 'amp', '<': 'lt', '>': 'gt', "'": '#39', '"': '#34' }));

/** Jinja's filters, `tojson` as transformers replaces it: those that chat templates use. */
export const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ...SEQUENCE_FILTERS,
  ['abs', [[], (value) => numeric(value, Math.abs)]],
  ['attr', [['name'], (value, args, budget) => attributeOf(value, args.text('name') ?? '', budget)]],
  ['capitalize', [[], text(capitalize)]],
  ['center', [['width'], text((value, args, budget) => center(value, args.int('width') ?? 80, budget))]],
  ['count', length],
  ['length', length],
  ['d', fallback],
  ['default', fallback],
  ['e', escape],
  ['escape', escape],
  ['float', [['default'], (value, args) => toFloat(value, orElse(args.get('default'), new Float(0)))]],
  ['int', [['default', 'base'], (value, args) => toInt(value, args)]],
  ['indent', [['width', 'first', 'blank'], text(indent)]],
  ['lower', [[], text((value) => value.toLowerCase())]],
  ['upper', [[], text((value) => value.toUpperCase())]],
  ['replace', [['old', 'new', 'count'], text(replace)]],
  ['round', [['precision', 'method'], round]],
  ['safe', [[], text((value) => value)]],
  ['string', [[], text((value) => value)]],
  ['title', [[], text(title)]],
  ['trim', [['chars'], text((value, args) => strip(value, args.text('chars')))]],
  [
    'urlencode',
    [
      [],
      text((value) =>
        encodeURIComponent(value)
          .replace(/[!'()*]/g, percent)
          .replaceAll('%2F', '/')
      )
    ]
  ],
  ['wordcount', [[], text((value) => value.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)]],
  ['tojson', [['ensure_ascii', 'indent', 'separators', 'sort_keys'], json]]
]);

/** `value|name(arguments)`. @throws TemplateRunError */
export function applyFilter(name: string, value: Value, args: CallArguments, budget: Budget): Value {
  if (name === 'format') return formatPercent(toText(value, budget), new Tuple(args.positional), budget);
  const filter = FILTERS.get(name);
  if (!filter) throw new TemplateRunError(`there is no filter "${name}" here`);
  const [parameters, apply] = filter;
  return apply(value, new BoundArguments(`the filter "${name}"`, parameters, args), budget);
}

/** The names that a template may use: besides those above, the ones that the interpreter itself applies. */
export const FILTER_NAMES: ReadonlySet<string> = new Set([
  ...FILTERS.keys(),
  ...['format', 'map', 'select', 'reject', 'selectattr', 'rejectattr']
]);

function numeric(value: Value, compute: (value: number) => number): Value {
  if (!isNumber(value)) throw new TemplateRunError(`${typeName(value)} is no number`);
  return value instanceof Float ? new Float(compute(value.value)) : compute(Number(value));
}

function toFloat(value: Value, otherwise: Value): Value {
  if (isNumber(value)) return new Float(numberOf(value));
  const read = typeof value === 'string' ? strip(value, undefined) : '';
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(read) ? new Float(Number(read)) : otherwise;
}

function toInt(value: Value, args: BoundArguments): Value {
  if (isNumber(value)) return Math.trunc(numberOf(value));
  const read = typeof value === 'string' ? strip(value, undefined) : '';
  const base = args.int('base') ?? 10;
  if (base === 10 && /^[+-]?\d+$/.test(read)) return Number(read);
  if (base !== 10 && /^[+-]?(0[xXoObB])?[\da-zA-Z]+$/.test(read)) {
    const parsed = parseInt(read.replace(/0[xXoObB]/, ''), base);
    if (Number.isInteger(parsed)) return parsed;
  }
  const asFloat = toFloat(value, null);
  return asFloat instanceof Float ? Math.trunc(asFloat.value) : orElse(args.get('default'), 0);
}

function center(value: string, width: number, budget: Budget): string {
  const missing = Math.max(0, width - lengthOfText(value));
  budget.room(value.length + missing);
  const left = centred(missing, width);
  return ' '.repeat(left) + value + ' '.repeat(missing - left);
}

/** Every line but the first, and blank ones only if asked. */
function indent(value: string, args: BoundArguments, budget: Budget): string {
  const width = orElse(args.get('width'), 4);
  const space = typeof width === 'string' ? width : ' '.repeat(Math.min(args.int('width') ?? 4, 10_000));
  const blank = truthy(args.get('blank') ?? false);
  const lines = value.replace(/\n$/, '').split(LINE_ENDS);
  budget.room(value.length + lines.length * space.length);
  const [first, ...rest] = lines;
  const indented = rest.map((line) => (line !== '' || blank ? space + line : line));
  const head = truthy(args.get('first') ?? false) && (first !== '' || blank) ? space + first : first;
  // Jinja adds a line break before it splits, so that one at the end stays.
  const tail = value.endsWith('\n') ? (blank ? `\n${space}` : '\n') : '';
  return [head, ...indented].join('\n') + tail;
}

function replace(value: string, args: BoundArguments, budget: Budget): string {
  const [old, made] = [args.require('old'), args.require('new')].map((each) => toText(each, budget));
  return replaced(value, old, made, args.int('count') ?? -1, budget);
}

function round(value: Value, args: BoundArguments): Value {
  if (!isNumber(value)) throw new TemplateRunError(`${typeName(value)} is no number`);
  const factor = 10 ** (args.int('precision') ?? 0);
  const method = args.text('method') ?? 'common';
  const scaled = numberOf(value) * factor;
  if (method === 'ceil') return new Float(Math.ceil(scaled) / factor);
  if (method === 'floor') return new Float(Math.floor(scaled) / factor);
  // Half goes to the even neighbour.
  const near = Math.round(scaled);
  const even = Math.abs(scaled % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
  return value instanceof Float ? new Float(even / factor) : Math.round(even / factor);
}

/** Each word, as Jinja cuts them, with a capital first and the rest small. */
function title(value: string): string {
  return value
    .split(/([-\s({[<]+)/u)
    .map((word) => capitalize(word))
    .join('');
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function json(value: Value, args: BoundArguments, budget: Budget): string {
  const indent = args.get('indent');
  const separators = args.get('separators');
  const pair =
    separators === undefined || separators === null
      ? undefined
      : iterate(separators, budget).map((each) => toText(each, budget));
  return budget.text(
    toJson(
      value,
      {
        ascii: truthy(args.get('ensure_ascii') ?? false),
        sortKeys: truthy(args.get('sort_keys') ?? false),
        ...(typeof indent === 'string' ? { indent } : {}),
        ...(typeof indent === 'number' ? { indent: ' '.repeat(Math.min(Math.max(indent, 0), 100)) } : {}),
        ...(pair?.length === 2 ? { separators: [pair[0], pair[1]] as [string, string] } : {})
      },
      budget
    )
  );
}
