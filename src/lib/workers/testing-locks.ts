/** Web Locks for tests: Node has none. Two "tabs" share one manager, as a browser's do. */

interface Held {
  name: string;
  mode: LockMode;
}

interface Waiting extends Held {
  grant: () => void;
}

/** Shared and exclusive locks, in the order in which they are asked for; `ifAvailable`, and `query` of what is held. */
export function lockManager(): LockManager {
  const held: Held[] = [];
  const waiting: Waiting[] = [];
  const free = ({ name, mode }: Held, before: readonly Held[]) =>
    [...held, ...before].every((each) => each.name !== name || (each.mode === 'shared' && mode === 'shared'));
  const grantNext = () => {
    for (const [at, wanted] of [...waiting].entries()) {
      if (!free(wanted, waiting.slice(0, at))) continue;
      waiting.splice(waiting.indexOf(wanted), 1);
      wanted.grant();
    }
  };
  const request = async (
    name: string,
    options: LockOptions | LockGrantedCallback<unknown>,
    callback?: LockGrantedCallback<unknown>
  ) => {
    const work = callback ?? (options as LockGrantedCallback<unknown>);
    const { mode = 'exclusive', ifAvailable = false } = callback ? (options as LockOptions) : {};
    const wanted: Held = { name, mode };
    if (!free(wanted, waiting)) {
      if (ifAvailable) return work(null);
      await new Promise<void>((resolve) => {
        waiting.push({ ...wanted, grant: () => (held.push(wanted), resolve()) });
      });
    } else held.push(wanted);
    try {
      return await work({ name, mode });
    } finally {
      held.splice(held.indexOf(wanted), 1);
      grantNext();
    }
  };
  const query = async () => ({ held: held.map((lock) => ({ ...lock })), pending: [] });
  return { request, query } as unknown as LockManager;
}
