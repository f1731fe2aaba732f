/** Strings that come again and again, each kept once and known by a number from 1. 0 is no string at all. */
export class Dictionary {
  readonly #values: string[];
  readonly #ids: Map<string, number>;

  constructor(values: readonly string[] = []) {
    this.#values = [...values];
    this.#ids = new Map(values.map((value, i) => [value, i + 1]));
  }

  /** In the order of their numbers: the first has number 1. */
  get values(): readonly string[] {
    return this.#values;
  }

  /** The number of a string, which gets one where it had none. */
  idOf(value: string | undefined): number {
    if (value === undefined) return 0;
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    this.#values.push(value);
    this.#ids.set(value, this.#values.length);
    return this.#values.length;
  }

  /** The number of a string, or 0 where it has none. */
  find(value: string): number {
    return this.#ids.get(value) ?? 0;
  }

  valueOf(id: number): string | undefined {
    return this.#values[id - 1];
  }
}
