/** What all makers and takers of claims share. */
import type { RecordOf } from '../../datanets/store/statement-store';
import type { Store } from '../../datanets/store/store';
import { isSigned, statementCid } from '../../datanets/trust/sign';
import type { Signed } from '../../datanets/trust/statements';
import { statementRecord } from '../datanets/exchange-lookup';
import { CannotSignError } from '../datanets/signing-desk';

/** The two claims that an adapter has, and their kinds. */
export const CLAIM_KINDS = { manifest: 'run-manifest', receipt: 'attribution-receipt' } as const;

export type ClaimPart = keyof typeof CLAIM_KINDS;

/** @throws CannotSignError where a claim would be over before anybody has it */
export function requireLater(expires: string | undefined, now: Date): void {
  if (expires === undefined || Date.parse(expires) > now.getTime()) return;
  throw new CannotSignError('The claim would be over before anybody has it. Choose a later end.');
}

/** The retraction of a claim by the one who made it. What others say of it ends nothing. */
export async function retractionOf(
  store: Store,
  { cid, signed }: { cid: string; signed: Signed }
): Promise<RecordOf<'retraction'> | undefined> {
  const all = await store.statements.of('', 'retraction');
  const { id } = signed.statement.by;
  return all.find(({ signed: { statement } }) => statement.claim === cid && statement.by.id === id);
}

/**
 * Keeps a signed claim; one of an adapter becomes its newest.
 * @throws NotStoredError where the adapter was deleted
 */
export async function keepClaim(store: Store, signed: Signed, of?: { adapter: string }): Promise<void> {
  const record = statementRecord(signed);
  if (!of) {
    await store.statements.add(record);
    return;
  }
  const cid = statementCid(signed);
  const { adapter } = of;
  if (isSigned(signed, 'run-manifest'))
    await store.claims.updateProvenance({ adapter, manifest: cid }, record);
  else await store.claims.updateProvenance({ adapter, receipt: cid }, record);
}
