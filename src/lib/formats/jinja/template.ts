import type { Statement } from './ast';
import { BoundArguments } from './arguments';
import { Interpreter } from './interpreter';
import { TemplateRunError } from './limits';
import { parseTemplate } from './parser';
import { strftime, type Day } from './strftime';
import { Callable, fromJson, Namespace, type Value } from './values';

/**
 * A chat template in Jinja as transformers runs it: the same text to the last space, for the Jinja that chat templates use.
 * Bounded in time, depth and length: templates come with models, from strangers.
 */
export class JinjaTemplate {
  readonly #body: Statement[];

  /** @throws TemplateSyntaxError */
  constructor(source: string) {
    this.#body = parseTemplate(source);
  }

  /**
   * What the template writes.
   * @param variables JSON, by the names that the template uses
   * @param day what `strftime_now` says it is
   * @throws TemplateRunError
   */
  render(variables: Readonly<Record<string, unknown>>, day: Day): string {
    const names = new Map<string, Value>(globals(day));
    for (const [name, value] of Object.entries(variables)) names.set(name, fromJson(value));
    return new Interpreter().run(this.#body, names);
  }
}

/** Most numbers that `range` gives. */
const MAX_RANGE = 100_000;

function globals(day: Day): [string, Value][] {
  const functions = [
    new Callable('range', (args) => range(new BoundArguments('range()', ['a', 'b', 'step'], args))),
    new Callable('namespace', ({ positional: [first], named }) => {
      const start =
        first instanceof Map ? [...first].map(([key, value]) => [String(key), value] as const) : [];
      return new Namespace(new Map([...start, ...named]));
    }),
    new Callable('dict', ({ positional: [first], named }) => {
      const start = first instanceof Map ? [...first] : [];
      return new Map<Value, Value>([...start, ...named]);
    }),
    new Callable('joiner', ({ positional: [separator] }) => {
      let used = false;
      return new Callable('joiner', () => {
        const before = used ? (separator ?? ', ') : '';
        used = true;
        return before;
      });
    }),
    new Callable('cycler', ({ positional }) => {
      let at = -1;
      const next = new Callable('cycler.next', () => positional[++at % positional.length] ?? null);
      return new Callable('cycler', () => null, new Map([['next', next]]));
    }),
    new Callable('raise_exception', (args) => {
      const message = new BoundArguments('raise_exception()', ['message'], args).get('message');
      throw new TemplateRunError(typeof message === 'string' ? message : 'it raises an exception');
    }),
    new Callable('strftime_now', (args) =>
      strftime(day, new BoundArguments('strftime_now()', ['format'], args).text('format') ?? '')
    )
  ];
  return functions.map((each) => [each.name, each]);
}

function range(args: BoundArguments): Value {
  const [a, b, step] = [args.int('a') ?? 0, args.int('b'), args.int('step') ?? 1];
  const [start, stop] = b === undefined ? [0, a] : [a, b];
  if (step === 0) throw new TemplateRunError('range() goes on the spot');
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count > MAX_RANGE) throw new TemplateRunError(`range() gives more than ${MAX_RANGE} numbers`);
  return Array.from({ length: count }, (_, i) => start + i * step);
}
