import type { PayoutRecord } from '$lib/workers/claims/protocol';

export type PayoutEngine = PayoutRecord['engine'];

export interface EngineWords {
  name: string;
  /** A sentence: what it is, and when to take it. */
  help: string;
}

/** The ways of paying, each a published contract or its factory. */
export const engineWords: Record<PayoutEngine, EngineWords> = {
  'payment-splitter': {
    name: 'Splitter contract',
    help: 'OpenZeppelin’s PaymentSplitter, a contract of this payout alone: whatever is paid into it, at any time, is split by the shares. Works on every chain.'
  },
  'merkle-distributor': {
    name: 'Funded list',
    help: 'Uniswap’s MerkleDistributor: one list of amounts of one token, funded once, from which each contributor claims theirs. Cheapest for many contributors.'
  },
  'splits-v2': {
    name: 'Splits',
    help: 'A split of splits.org, version 2, where the chain has it: whatever is paid into it is split by the shares, and can be looked at on their site.'
  }
};
