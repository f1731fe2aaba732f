import { Undefined, type Value } from './values';

/** Names of a body, over those around it. */
export class Scope {
  readonly #values: Map<string, Value>;
  readonly #parent: Scope | undefined;

  constructor(parent: Scope | undefined, values: ReadonlyMap<string, Value> = new Map()) {
    this.#parent = parent;
    this.#values = new Map(values);
  }

  get(name: string): Value {
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    for (let scope: Scope | undefined = this; scope; scope = scope.#parent) {
      const value = scope.#values.get(name);
      if (value !== undefined) return value;
    }
    return new Undefined(`"${name}"`);
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }
}
