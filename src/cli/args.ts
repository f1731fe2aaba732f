import { parseArgs } from 'node:util';
import { TabtuneError } from '../lib/errors';

/** The command line cannot be understood: one line that names the flag. Ends the command with exit code 2. */
export class UsageError extends TabtuneError {}

/** A flag as data: what is accepted, and the line that `--help` prints. */
export interface FlagSpec {
  /** Without the two dashes. */
  readonly name: string;
  /** What stands for its value in the help, such as N, X or DIR; absent for a switch. */
  readonly value?: string;
  readonly help: string;
  /** May be given more than once. */
  readonly many?: boolean;
}

/** What the person wrote, by flag: of those that may be given more than once all values, of a switch `true`. */
export type Flags = ReadonlyMap<string, string | true | readonly string[]>;

/** Where the words are that belong to no flag, of a command that takes some. */
const WORDS = '';

const helpFlag: FlagSpec = { name: 'help', help: 'Prints this.' };

/**
 * Reads a command line. The last of repeated flags counts, where they may not be given more than once.
 * @param takesWords whether words may stand there that belong to no flag: see `wordsOf`
 * @throws UsageError for unknown flags, words that are no flag, and missing or superfluous values
 */
export function readFlags(args: readonly string[], specs: readonly FlagSpec[], takesWords = false): Flags {
  const all = [...specs, helpFlag];
  const options = Object.fromEntries(
    all.map((spec) => [spec.name, { type: spec.value ? ('string' as const) : ('boolean' as const) }])
  );
  // Not strict: its messages run over lines, and it refuses negative numbers as values.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const flags = new Map<string, string | true | readonly string[]>();
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional' && takesWords) {
      flags.set(WORDS, [...wordsOf(flags), token.value]);
      continue;
    }
    if (token.kind === 'positional') {
      throw new UsageError(`"${token.value}" belongs to no flag. --help lists the flags.`);
    }
    const spec = all.find((s) => s.name === token.name && token.rawName.startsWith('--'));
    if (!spec) throw new UsageError(`There is no flag ${token.rawName}. --help lists the flags.`);
    const value = spec.value ? valueOf(spec, token) : switchOf(spec, token);
    flags.set(spec.name, spec.many ? [...manyFlag(flags, spec.name), String(value)] : value);
  }
  return flags;
}

interface OptionToken {
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function valueOf(spec: FlagSpec, { value, inlineValue }: OptionToken): string {
  // `--rank --json` is a forgotten number, not a rank of "--json".
  if (value === undefined || value === '' || (!inlineValue && value.startsWith('--'))) {
    throw new UsageError(`--${spec.name} needs a value: --${spec.name} ${spec.value}.`);
  }
  return value;
}

function switchOf(spec: FlagSpec, { value }: OptionToken): true {
  if (value !== undefined)
    throw new UsageError(`--${spec.name} takes no value; ${JSON.stringify(value)} was given.`);
  return true;
}

/** The value of a flag that takes one, or undefined where it was not given. */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags.get(name);
  return typeof value === 'string' ? value : undefined;
}

/** The values of a flag that may be given more than once. */
export function manyFlag(flags: Flags, name: string): readonly string[] {
  const value = flags.get(name);
  return typeof value === 'object' ? value : [];
}

/** The words that belong to no flag. */
export function wordsOf(flags: Flags): readonly string[] {
  return manyFlag(flags, WORDS);
}

/** @throws UsageError where the flag was not given */
export function requiredFlag(flags: Flags, name: string, value: string): string {
  const text = textFlag(flags, name);
  if (text === undefined)
    throw new UsageError(`--${name} is missing: give --${name} ${value}. --help lists the flags.`);
  return text;
}

export interface NumberRange {
  readonly integer?: boolean;
  readonly min?: number;
  readonly max?: number;
}

/** @throws UsageError where the value is no number in the range */
export function numberFlag(flags: Flags, name: string, range: NumberRange = {}): number | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? NaN : Number(text);
  const { integer = false, min = -Infinity, max = Infinity } = range;
  if (Number.isFinite(value) && (!integer || Number.isInteger(value)) && value >= min && value <= max)
    return value;
  const bounds = [min > -Infinity ? `at least ${min}` : '', max < Infinity ? `at most ${max}` : ''].filter(
    Boolean
  );
  const wanted = [integer ? 'a whole number' : 'a number', bounds.join(' and ')].filter(Boolean).join(', ');
  throw new UsageError(`--${name} is ${JSON.stringify(text)}: it must be ${wanted}.`);
}

/** @throws UsageError where the value is none of the choices */
export function choiceFlag<T extends string>(
  flags: Flags,
  name: string,
  choices: readonly T[]
): T | undefined {
  const text = textFlag(flags, name);
  const found = choices.find((choice) => choice === text);
  if (text !== undefined && found === undefined) {
    throw new UsageError(`--${name} is ${JSON.stringify(text)}: choose ${choices.join(' or ')}.`);
  }
  return found;
}

/** The text of `--help`. */
export function helpText(usage: string, specs: readonly FlagSpec[], notes = ''): string {
  const left = (spec: FlagSpec) => `--${spec.name}${spec.value ? ` ${spec.value}` : ''}`;
  const all = [...specs, helpFlag];
  const width = Math.max(...all.map((spec) => left(spec).length));
  const lines = all.map((spec) => `  ${left(spec).padEnd(width)}  ${spec.help}`);
  return `${usage}\n\n${lines.join('\n')}\n${notes && `\n${notes}\n`}`;
}
