import { shortId } from '$lib/components/datanet/person/short-id';
import type { ClaimSummary } from '$lib/workers/claims/protocol';

/** What a kind of claim is called in a list. */
export const claimKinds: Record<ClaimSummary['kind'], string> = {
  contribution: 'Contribution',
  validation: 'Validation',
  'access-grant': 'Grant of access',
  'run-manifest': 'How a model was made',
  'attribution-receipt': 'Who made a model'
};

/** What else there is to know of a claim, in a line each: whose wallet signed, and on which chains it is noted. */
export function claimFacts({
  wallet,
  walletUnasked,
  anchors
}: Pick<ClaimSummary, 'wallet' | 'walletUnasked' | 'anchors'>): string[] {
  const standing = anchors.filter(({ revoked }) => revoked === undefined).length;
  const revoked = anchors.length - standing;
  return [
    wallet && walletUnasked ? `names the wallet ${shortId(wallet.address)}, which was not checked` : '',
    wallet && !walletUnasked ? `signed by the wallet ${shortId(wallet.address)}, too` : '',
    standing > 0 ? `anchored on ${standing === 1 ? 'a chain' : `${standing} chains`}` : '',
    revoked > 0 ? `${revoked === 1 ? 'an anchor was' : `${revoked} anchors were`} revoked` : ''
  ].filter(Boolean);
}

/** Whether its person can take it back here: those of the five that have no way of their own to end. */
export function canTakeBack({ kind, own, ended }: Pick<ClaimSummary, 'kind' | 'own' | 'ended'>): boolean {
  const retractable = kind === 'validation' || kind === 'run-manifest' || kind === 'attribution-receipt';
  return own && retractable && ended === undefined;
}
