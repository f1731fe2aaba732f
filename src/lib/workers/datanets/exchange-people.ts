/** Who this browser is to others. */
import type { Store } from '../../datanets/store/store';
import { createIdentity, type Identity } from '../../datanets/trust/identity';
import { personSchema } from '../../datanets/trust/schemas';
import type { Person } from '../../datanets/trust/statements';
import { TabtuneError } from '../../errors';

/** A name that could not stand in what is signed. */
export class UnusableNameError extends TabtuneError {}

export class People {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** This browser's person, made at the first call, without a name. Two tabs at once make one. */
  async identity(): Promise<Identity> {
    const { identities } = this.#store;
    return (await identities.get()) ?? identities.add(await createIdentity(''));
  }

  async person(): Promise<Person> {
    return (await this.identity()).person;
  }

  /** What was signed before keeps the name that it has. @throws UnusableNameError */
  async rename(name: string): Promise<Person> {
    const { person } = await this.identity();
    const parsed = personSchema.safeParse({ ...person, name: name.trim() });
    if (!parsed.success) {
      throw new UnusableNameError(
        'A name has 1 to 200 characters on one line, without characters that cannot be seen.',
        { cause: parsed.error }
      );
    }
    return (await this.#store.identities.rename(parsed.data.name))?.person ?? parsed.data;
  }
}
