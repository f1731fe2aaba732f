import { payeesOf, type Payees } from '$lib/attribution/payouts/payees';
import type { Token } from '$lib/chain/payouts/token';
import type { SignedShare } from '$lib/datanets/trust/claims';
import { parseCoins } from '../amounts';
import type { PayoutEngine } from './engines';
import { reckon } from './reckoning';

/** What amounts are counted in: a token, or the chain's own coin. */
export interface Unit {
  symbol: string;
  decimals: number;
  token?: Token;
}

/** Who is to be paid how much, by which contract, as the person decides it. */
export class PayoutPlan {
  readonly shares: readonly SignedShare[];
  /** By contributor id: those that are known, and what was typed. */
  addresses = $state<Record<string, string>>({});
  engine = $state<PayoutEngine>('payment-splitter');
  amount = $state('');
  unit = $state.raw<Unit>({ symbol: 'coins', decimals: 18 });
  payees = $state.raw<Payees>({ payees: [], without: [] });
  /** Why the addresses cannot be paid. */
  error = $state.raw<unknown>();
  #turn = 0;

  readonly total = $derived.by(() => parseCoins(this.amount, this.unit.decimals));

  readonly reckoning = $derived.by(() => {
    const { payees } = this.payees;
    return this.total && payees.length > 0 ? reckon(this.total, payees, this.engine) : undefined;
  });

  /** @param shares of the receipt, in its order */
  constructor(shares: readonly SignedShare[]) {
    // Who helped nothing is paid nothing, and needs no address.
    this.shares = shares.filter(({ share }) => share > 0);
    for (const { id, wallet } of shares) if (wallet) this.addresses[id] = wallet;
  }

  /** Fills in wallets that are known and were not named otherwise. */
  know(wallets: Readonly<Record<string, string>>): void {
    for (const [id, address] of Object.entries(wallets)) this.addresses[id] ||= address;
  }

  /** Looks at the addresses anew, as they were typed. Of several at once, the last counts. */
  async look(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const payees = await payeesOf(this.shares, $state.snapshot(this.addresses));
      if (turn !== this.#turn) return;
      this.payees = payees;
      this.error = undefined;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.payees = { payees: [], without: [] };
      this.error = error;
    }
  }

  /** Where a contributor is paid; undefined where nowhere. */
  addressOf(id: string): string | undefined {
    return this.#payeeOf(id)?.address;
  }

  /** How many others are paid at the same address as a contributor. */
  othersAt(id: string): number {
    return (this.#payeeOf(id)?.contributors.length ?? 1) - 1;
  }

  #payeeOf(id: string) {
    return this.payees.payees.find(({ contributors }) => contributors.some((each) => each.id === id));
  }
}
