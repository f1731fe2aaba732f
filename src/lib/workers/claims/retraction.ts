/** A person takes back what they said of a version or of a model. */
import { isSigned } from '../../datanets/trust/sign';
import { NotFittingError } from '../datanets/exchange-lookup';
import { CannotSignError, type Desk, type Made } from '../datanets/signing-desk';
import { common } from '../datanets/signing-statements';
import { keepClaim, retractionOf } from './desk';
import type { ClaimRequest } from './protocol';

type Request = Extract<ClaimRequest, { kind: 'retraction' }>;

/** @throws CannotSignError, NotFittingError */
export async function makeRetraction(desk: Desk, { claim, reason }: Request): Promise<Made> {
  const { store, identity } = desk;
  const record = await store.statements.find(claim);
  if (!record) {
    throw new NotFittingError('This claim is not in the browser any more, or never was.', {
      details: { cid: claim }
    });
  }
  const { signed } = record;
  const retractable =
    isSigned(signed, 'validation') ||
    isSigned(signed, 'run-manifest') ||
    isSigned(signed, 'attribution-receipt');
  if (!retractable) {
    throw new CannotSignError(
      `A ${signed.statement.kind} is not taken back by this: contributions are withdrawn and grants revoked, in their Datanet.`,
      { details: { cid: claim, kind: signed.statement.kind } }
    );
  }
  if (signed.statement.by.id !== identity.person.id) {
    throw new CannotSignError(`Only “${signed.statement.by.name}”, who said this, can take it back.`);
  }
  const requireStanding = async () => {
    if (await retractionOf(store, record)) throw new CannotSignError('This was taken back already.');
  };
  await requireStanding();
  return {
    statement: { kind: 'retraction', ...common(desk), claim, reason },
    warnings: [
      'Others know of it once they have opened it: hand it to everybody who has the claim.',
      ...(reason === '' ? ['No reason is given.'] : [])
    ],
    name: '',
    finish: async (retraction) => {
      await requireStanding();
      await keepClaim(store, retraction);
    }
  };
}
