/** Which rows of somebody else's version this browser may show or pass on, and why not the others. */
import type { PaceOptions } from '../../datanets/pace';
import { decideVersion, permitRows, permitVersion, type PermitContext } from '../../datanets/policy/permit';
import type { Use } from '../../datanets/policy/policy';
import { useWords } from '../../datanets/policy/sentences';
import type { VersionRecord } from '../../datanets/store/datanet-schema';
import type { RowTable } from '../../datanets/store/row-table';
import type { Store } from '../../datanets/store/store';
import { isSigned } from '../../datanets/trust/sign';
import type { AccessGrant, Signed } from '../../datanets/trust/statements';
import { TabtuneError } from '../../errors';
import { openVersion } from '../run-versions';
import type { RowsRef } from './protocol';
import { isOwn, type OpenRows, type RowsAccess } from './service-rows';

/** The rules of a version or of the grant forbid that its rows are shown, or passed on. */
export class RowsNotShownError extends TabtuneError {}

export interface Access {
  readable: boolean;
  /** A sentence, where it is not. */
  reason?: string;
  grant?: Signed<AccessGrant>;
}

/** Whether the rows of a received version may be shown. */
export async function accessTo(store: Store, record: VersionRecord): Promise<Access> {
  const { context, grant } = await contextOf(store, record, 'display');
  const decision = decideVersion(permitVersion(record.signed.statement), context);
  return {
    readable: decision.allowed,
    ...(decision.allowed ? {} : { reason: decision.reason }),
    ...(grant ? { grant } : {})
  };
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
  return openFor('display', store, access, await store.versions.byRoot(ref.root), options);
}

/** The rows of a version that may be used so. @throws RowsNotShownError that says why none may */
export async function openFor(
  use: Use,
  store: Store,
  access: RowsAccess,
  version: VersionRecord,
  options: PaceOptions = {}
): Promise<OpenRows> {
  await requirePermitted(use, store, version);
  const rows = await access.openVersion(version, options);
  return isOwn(version) ? rows : { ...rows, table: await permitted(use, store, version, rows.table) };
}

/** Asked each time that rows are used: a grant ends, or is revoked. @throws RowsNotShownError that says why */
export async function requirePermitted(use: Use, store: Store, record: VersionRecord): Promise<void> {
  if (isOwn(record)) return;
  const { context } = await contextOf(store, record, use);
  const decision = decideVersion(permitVersion(record.signed.statement), context);
  if (decision.allowed) return;
  const { name } = record.signed.statement.facts;
  throw new RowsNotShownError(`Of "${name}", ${useWords(use)} is not allowed here. ${decision.reason}`, {
    details: { root: record.root, use, reason: decision.reason }
  });
}

/** Some contributions have stricter rules than the version, or were withdrawn. */
async function permitted(use: Use, store: Store, record: VersionRecord, table: RowTable): Promise<RowTable> {
  const { context } = await contextOf(store, record, use);
  // Rules are of contributions, so one row stands for all of each.
  const groups = [undefined, ...table.contributions().keys()];
  const rows = groups.map((contribution) => ({ contributor: '', contribution }));
  const { allowed } = permitRows(permitVersion(record.signed.statement), context, rows);
  if (allowed.length === groups.length) return table;
  const kept = new Set(allowed);
  const left = table.clone();
  for (const [i, contribution] of groups.entries()) {
    if (contribution !== undefined && !kept.has(i)) left.removeContribution(contribution);
  }
  return left;
}

async function contextOf(
  store: Store,
  record: VersionRecord,
  use: Use
): Promise<{ context: PermitContext; grant?: Signed<AccessGrant> }> {
  const opened = await openVersion(store, record, { weight: 1 });
  const found = opened.grant === undefined ? undefined : (await store.statements.get(opened.grant)).signed;
  const grant = found && isSigned(found, 'access-grant') ? found : undefined;
  const purpose = grant && (await purposeOf(store, grant));
  return {
    context: { ...opened.context, use, ...(purpose === undefined ? {} : { purpose }) },
    ...(grant ? { grant } : {})
  };
}

/** What somebody who was granted access had asked for it for. */
async function purposeOf(store: Store, { statement }: Signed<AccessGrant>): Promise<string | undefined> {
  const request =
    statement.request === undefined ? undefined : await store.statements.find(statement.request);
  return request && isSigned(request.signed, 'access-request') ? request.signed.statement.purpose : undefined;
}
