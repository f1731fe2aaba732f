import { openDB } from 'idb';
import { DATABASE_NAME } from './database';
import { MIGRATIONS, type Migration } from './migrations';
import type { TabtuneSchema } from './schema';

/**
 * How this page stands to the store that all tabs share:
 * - `free`: it can be used.
 * - `waiting`: a tab with an older Tabtune holds it. That changes by itself once the tab is closed or reloaded.
 * - `asked`: a tab with a newer Tabtune asked this one to let it go.
 * - `older`: a newer Tabtune has written it; this page cannot read it.
 */
export type Standing = 'free' | 'waiting' | 'asked' | 'older';

/** A look at the store that goes on until it is closed. */
export interface StoreWatch {
  close(): void;
}

/**
 * Watches how this page stands to the store, where there is one: nothing is made of a browser that keeps nothing yet.
 * @param tell is called at each change, and at first
 * @returns undefined where there is no store yet, or the browser does not say; ask again later
 */
export async function watchStore(
  tell: (standing: Standing) => void,
  name: string = DATABASE_NAME,
  migrations: readonly Migration[] = MIGRATIONS
): Promise<StoreWatch | undefined> {
  const kept = (await indexedDB.databases?.())?.find((each) => each.name === name);
  if (!kept) return undefined;
  let closed = false;
  const opening = openDB<TabtuneSchema>(name, migrations.length, {
    upgrade(db, oldVersion, _newVersion, transaction) {
      for (const migrate of migrations.slice(oldVersion)) migrate(db, transaction);
    },
    blocked: () => {
      if (!closed) tell('waiting');
    },
    blocking: (_current, wanted, event) => {
      (event.target as IDBDatabase).close();
      // Where all is deleted, nobody has to give way.
      if (wanted !== null && !closed) tell('asked');
    }
  });
  opening.then(
    (db) => {
      if (closed) db.close();
      else tell('free');
    },
    (error: unknown) => {
      // Whatever else is wrong with the store is said by what uses it.
      if (!closed) tell(error instanceof DOMException && error.name === 'VersionError' ? 'older' : 'free');
    }
  );
  return {
    close() {
      closed = true;
      opening.then(
        (db) => db.close(),
        () => undefined
      );
    }
  };
}
