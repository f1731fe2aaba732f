import { TemplateRunError, type Budget } from './limits';
import { typeName, Undefined, type CallArguments, type Value } from './values';

/** Arguments of a call by the names of its parameters. */
export class BoundArguments {
  readonly #callee: string;
  readonly #values: Map<string, Value>;

  /** @throws TemplateRunError where there are too many, or one that is not known */
  constructor(callee: string, parameters: readonly string[], { positional, named }: CallArguments) {
    if (positional.length > parameters.length) throw new TemplateRunError(`${callee} has too many arguments`);
    this.#callee = callee;
    this.#values = new Map(positional.map((value, i) => [parameters[i], value]));
    for (const [name, value] of named) {
      if (!parameters.includes(name)) throw new TemplateRunError(`${callee} has no argument "${name}"`);
      this.#values.set(name, value);
    }
  }

  get(name: string): Value | undefined {
    return this.#values.get(name);
  }

  require(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new TemplateRunError(`${this.#callee} needs "${name}"`);
    return value;
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw this.#wrong(name, 'text', value);
    return value;
  }

  int(name: string): number | undefined {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'boolean') return Number(value);
    if (typeof value !== 'number') throw this.#wrong(name, 'an integer', value);
    return value;
  }

  #wrong(name: string, expected: string, value: Value): TemplateRunError {
    const given = value instanceof Undefined ? `${value.what}, which is undefined` : typeName(value);
    return new TemplateRunError(`${this.#callee} expects ${expected} as "${name}", not ${given}`);
  }
}

/** A filter: the names of its parameters, and what it makes of a value. */
export type Filter = readonly [
  parameters: readonly string[],
  apply: (value: Value, args: BoundArguments, budget: Budget) => Value
];
