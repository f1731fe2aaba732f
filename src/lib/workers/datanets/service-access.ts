/** Which rows of somebody else's version this browser may show, and why not the others. */
import {
  decideVersion,
  permitRows,
  type PermitContext,
  type PermitVersion
} from '../../datanets/policy/permit';
import type { PaceOptions } from '../../datanets/pace';
import type { VersionRecord } from '../../datanets/store/datanet-schema';
import type { RowTable } from '../../datanets/store/row-table';
import type { Store } from '../../datanets/store/store';
import type { AccessGrant, Signed } from '../../datanets/trust/statements';
import { TabtuneError } from '../../errors';
import { openVersion } from '../run-versions';
import type { RowsRef } from './protocol';
import { isOwn, type OpenRows, type RowsAccess } from './service-rows';

/** The rows of a version may not be shown here. */
export class RowsNotShownError extends TabtuneError {}

export interface Access {
  readable: boolean;
  /** A sentence, where it is not. */
  reason?: string;
  grant?: Signed<AccessGrant>;
}

/** Whether the rows of a received version may be shown. */
export async function accessTo(store: Store, record: VersionRecord): Promise<Access> {
  const opened = await openVersion(store, record.root, { weight: 1 });
  const decision = decideVersion(permitVersion(record), { ...opened.context, use: 'display' });
  const grant = opened.grant === undefined ? undefined : (await store.statements.get(opened.grant)).signed;
  return {
    readable: decision.allowed,
    ...(decision.allowed ? {} : { reason: decision.reason }),
    ...(grant ? { grant: grant as Signed<AccessGrant> } : {})
  };
}

/** Of the rows of a version, those that may be shown: some contributions have stricter rules, or were withdrawn. */
async function shownRows(store: Store, record: VersionRecord, table: RowTable): Promise<RowTable> {
  const { context } = await openVersion(store, record.root, { weight: 1 });
  const display: PermitContext = { ...context, use: 'display' };
  const version = permitVersion(record);
  // Rules are of contributions, so one row stands for all of each.
  const groups = [undefined, ...table.contributions().keys()];
  const rows = groups.map((contribution) => ({ contributor: '', contribution }));
  const { allowed } = permitRows(version, display, rows);
  if (allowed.length === groups.length) return table;
  const shown = table.clone();
  const kept = new Set(allowed);
  for (const [i, contribution] of groups.entries()) {
    if (contribution !== undefined && !kept.has(i)) shown.removeContribution(contribution);
  }
  return shown;
}

/**
 * Rows as the page may see them: of a received version, those that its rules and the grant let be shown.
 * @throws RowsNotShownError that says why none may, and what `RowsAccess.open` throws
 */
export async function openShown(
  store: Store,
  access: RowsAccess,
  ref: RowsRef,
  options: PaceOptions = {}
): Promise<OpenRows> {
  if (ref.of !== 'version') return access.open(ref);
  const version = await store.versions.byRoot(ref.root);
  await requireShown(store, version);
  const rows = await access.openVersion(version, options);
  return isOwn(version) ? rows : { ...rows, table: await shownRows(store, version, rows.table) };
}

/** Asked for each time that rows are shown: a grant ends, or is revoked. @throws RowsNotShownError that says why */
export async function requireShown(store: Store, record: VersionRecord): Promise<void> {
  if (isOwn(record)) return;
  const { readable, reason } = await accessTo(store, record);
  if (readable) return;
  const { name } = record.signed.statement.facts;
  throw new RowsNotShownError(`The rows of "${name}" cannot be shown. ${reason ?? ''}`, {
    details: { root: record.root, reason }
  });
}

function permitVersion({ root, signed: { statement } }: VersionRecord): PermitVersion {
  const { policy, contributions, by, permissioned } = statement;
  return { root, policy, contributions, owner: by.id, permissioned };
}
