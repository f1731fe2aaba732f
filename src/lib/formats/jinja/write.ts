import { TemplateRunError, type Budget } from './limits';
import { Callable, Float, Namespace, sequenceOf, Tuple, typeName, Undefined, type Value } from './values';

/** `str(value)`. */
export function toText(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  if (value instanceof Undefined) return '';
  return repr(value, budget);
}

/** `repr(value)`, as Python shows values inside lists and dicts. */
export function repr(value: Value, budget: Budget): string {
  budget.spend(1);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (value instanceof Float) return floatText(value.value);
  if (typeof value === 'string') return textRepr(value, budget);
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Callable) return `<function ${value.name}>`;
  return budget.deeper(() => {
    if (Array.isArray(value)) return `[${value.map((item) => repr(item, budget)).join(', ')}]`;
    if (value instanceof Tuple) {
      const inner = value.items.map((item) => repr(item, budget)).join(', ');
      return value.items.length === 1 ? `(${inner},)` : `(${inner})`;
    }
    const entries = value instanceof Namespace ? [...value.values] : [...value];
    const inner = entries.map(([key, item]) => `${repr(key, budget)}: ${repr(item, budget)}`).join(', ');
    return value instanceof Namespace ? `<Namespace {${inner}}>` : `{${inner}}`;
  });
}

/** `repr` of a float: the shortest digits, an exponent from 1e16 up and below 1e-4. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (value !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [digits, exponent] = value.toExponential().split('e');
    const power = Math.abs(Number(exponent));
    return `${digits}e${Number(exponent) < 0 ? '-' : '+'}${String(power).padStart(2, '0')}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

const REPR_ESCAPES = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\\', '\\\\']
]);

function textRepr(text: string, budget: Budget): string {
  budget.text(text);
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text.replace(/[\p{C}\p{Z}\\'"]/gu, (character) => {
    if (character === quote) return `\\${quote}`;
    if (character === ' ' || character === "'" || character === '"') return character;
    const known = REPR_ESCAPES.get(character);
    if (known !== undefined) return known;
    const code = character.codePointAt(0)!;
    if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code <= 0xffff
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `${quote}${inner}${quote}`;
}

export interface JsonForm {
  indent?: string;
  separators?: [string, string];
  sortKeys: boolean;
  ascii: boolean;
}

/** `json.dumps`, as transformers' `tojson` calls it. @throws TemplateRunError for what is no JSON */
export function toJson(value: Value, form: JsonForm, budget: Budget, depth = 0): string {
  budget.spend(1);
  if (value === null) return 'null';
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (value instanceof Float) return jsonFloat(value.value);
  if (typeof value === 'string') return jsonText(value, form, budget);
  const [between, colon] = form.separators ?? [form.indent === undefined ? ', ' : ',', ': '];
  const wrap = (open: string, parts: string[], close: string) => {
    if (parts.length === 0) return open + close;
    if (form.indent === undefined) return open + parts.join(between) + close;
    const line = `\n${form.indent.repeat(depth)}`;
    return `${open}${line}${form.indent}${parts.join(`${between}${line}${form.indent}`)}${line}${close}`;
  };
  const items = sequenceOf(value);
  if (items) {
    return budget.deeper(() =>
      wrap(
        '[',
        items.map((item) => toJson(item, form, budget, depth + 1)),
        ']'
      )
    );
  }
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => [jsonKey(key), item] as const);
    if (form.sortKeys) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return budget.deeper(() =>
      wrap(
        '{',
        entries.map(
          ([key, item]) => `${jsonText(key, form, budget)}${colon}${toJson(item, form, budget, depth + 1)}`
        ),
        '}'
      )
    );
  }
  throw new TemplateRunError(`${typeName(value)} cannot be written as JSON`);
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return floatText(value);
}

function jsonKey(key: Value): string {
  if (typeof key === 'string') return key;
  return key === null ? 'null' : String(key);
}

function jsonText(text: string, form: JsonForm, budget: Budget): string {
  budget.text(text);
  // JSON.stringify escapes lone surrogates as Python does not; DEL is written plainly by both.
  const written = JSON.stringify(text);
  return form.ascii
    ? written.replace(/[\x7f-\uffff]/g, (unit) =>
        unit === '\x7f' ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
      )
    : written;
}
