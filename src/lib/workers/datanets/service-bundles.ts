/** Versions that were received: each is kept as the file that it came in, sealed where it came sealed. */
import { openBundle } from '../../datanets/bundle/bundle';
import type { DatanetRow } from '../../datanets/datanet';
import type { PaceOptions } from '../../datanets/pace';
import type { VersionRecord } from '../../datanets/store/datanet-schema';
import { found } from '../../datanets/store/database';
import type { Store } from '../../datanets/store/store';
import type { WrappedKey } from '../../datanets/trust/statements';
import { CannotUnwrapError, unwrapKey } from '../../datanets/trust/wrap';

/**
 * All rows of a received version, in order; a sealed one is opened in memory, piece by piece, and nothing of it is
 * stored. Whether the rows may be used is for the caller to ask before.
 * @throws LockedRowsError where there is no key, and what `openBundle` throws
 */
export async function* receivedRows(
  store: Store,
  version: VersionRecord,
  options: PaceOptions = {}
): AsyncGenerator<DatanetRow> {
  const { blob } = found(await store.versions.bundle(version.cid), 'file of a version', version.root);
  const bundle = await openBundle(blob, { signal: options.signal });
  const key = bundle.permissioned ? await dataKey(store, version) : undefined;
  yield* bundle.rows(key, options);
}

/** The data key of a permissioned version, where one was wrapped for this browser's person. */
export async function dataKey(store: Store, version: VersionRecord): Promise<CryptoKey | undefined> {
  const identity = await store.identities.get();
  if (!identity) return undefined;
  for (const wrapped of await wrappedKeys(store, version, identity.person.id)) {
    try {
      return await unwrapKey(wrapped, identity);
    } catch (error) {
      // Another grant may hold a key that was not altered.
      if (!(error instanceof CannotUnwrapError)) throw error;
    }
  }
  return undefined;
}

/** The newest first. */
async function wrappedKeys(store: Store, version: VersionRecord, person: string): Promise<WrappedKey[]> {
  if (version.key) return [version.key];
  const grants = await store.statements.of(version.signed.statement.datanet, 'access-grant');
  return grants
    .map(({ signed }) => signed.statement)
    .filter((grant) => grant.to.id === person && grant.version === version.cid)
    .map(({ key }) => key)
    .reverse();
}
