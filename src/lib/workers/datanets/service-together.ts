/** Two services as one object, whose methods run each on its own: a worker exposes one object. Their names differ. */
export function together<A extends object, B extends object>(first: A, second: B): A & B {
  return new Proxy(first, {
    has: (_, name) => name in first || name in second,
    get(_, name) {
      const owner: object = name in second ? second : first;
      const value: unknown = Reflect.get(owner, name, owner);
      // Private fields are found on the service itself only.
      return typeof value === 'function' ? (value.bind(owner) as unknown) : value;
    }
  }) as A & B;
}
