import { describe, expect, it } from 'vitest';
import type { ClaimAnchor, ClaimSummary } from '$lib/workers/claims/protocol';
import { canTakeBack, claimFacts } from './words';

const anchor = (revoked?: string): ClaimAnchor => ({
  ...{ chainId: 10, uid: '0x1', transaction: '0x2', attester: '0x3', created: 1 },
  ...(revoked ? { revoked } : {})
});

describe('a claim in the list', () => {
  it('tells whose wallet signed and where it is anchored, revoked anchors apart', () => {
    expect(claimFacts({ anchors: [] })).toEqual([]);
    const address = `0x${'aB'.repeat(20)}`;
    const wallet = { standard: 'EIP-712' as const, address, chainId: 1, value: '0x' };
    expect(claimFacts({ wallet, anchors: [anchor(), anchor('0x4'), anchor()] })).toEqual([
      'signed by the wallet 0xaBaBaB…aBaBaB, too',
      'anchored on 2 chains',
      'an anchor was revoked'
    ]);
    expect(claimFacts({ wallet, walletUnasked: true, anchors: [] })).toEqual([
      'names the wallet 0xaBaBaB…aBaBaB, which was not checked'
    ]);
  });

  it('can be taken back by who made it, once, and only where no other end is meant for it', () => {
    const claim = (change: Partial<ClaimSummary>) =>
      canTakeBack({ kind: 'validation', own: true, ...change } as ClaimSummary);
    expect(claim({})).toBe(true);
    expect(claim({ own: false })).toBe(false);
    expect(claim({ ended: 'It was taken back.' })).toBe(false);
    // A contribution is withdrawn and a grant is revoked, each with its Datanet at hand.
    expect(claim({ kind: 'contribution' })).toBe(false);
    expect(claim({ kind: 'access-grant' })).toBe(false);
  });
});
