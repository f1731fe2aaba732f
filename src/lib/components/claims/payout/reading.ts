import type { Chain } from '$lib/chain/chain';
import type { PayoutRecord } from '$lib/workers/claims/protocol';
import type { Unit } from './plan.svelte';
import { listAmounts, payeesOfRecord } from './record';

/** What is known of a payee from the chain, in smallest units. */
export interface Due {
  /** There for the payee, and not paid yet; undefined where only the whole is known. */
  pending?: bigint;
  paid?: bigint;
}

/** A payout as its contract has it on the chain. */
export interface PayoutNow {
  /** What the figures are counted in. */
  unit: Unit;
  /** In the order of the payees. */
  due: Due[];
  /** Held by the contract and not divided yet, where it divides all at once. */
  held?: bigint;
  /** Of a list: what is missing of its total. */
  missing?: bigint;
}

/** The list of a payout by a list, made again as it was. */
export async function listOf(payout: PayoutRecord) {
  const { merkleListOf } = await import('$lib/attribution/payouts/merkle-list');
  return merkleListOf(listAmounts(BigInt(payout.list?.total ?? '0'), payeesOfRecord(payout)));
}

/** Asks the chain what is paid and what is pending. @throws ChainError, TokenError */
export async function readPayout(chain: Chain, payout: PayoutRecord, unit: Unit): Promise<PayoutNow> {
  const address = payout.address as `0x${string}`;
  switch (payout.engine) {
    case 'payment-splitter': {
      const { readSplitter } = await import('$lib/chain/payouts/splitter');
      const addresses = payout.payees.map((payee) => payee.address as `0x${string}`);
      const states = await readSplitter(chain, address, addresses, unit.token);
      return { unit, due: states.map(({ pending, released }) => ({ pending, paid: released })) };
    }
    case 'merkle-distributor': {
      const { readDistributor } = await import('$lib/chain/payouts/distributor');
      const { token, balance, claimed } = await readDistributor(chain, address, await listOf(payout));
      const amounts = listAmounts(BigInt(payout.list?.total ?? '0'), payeesOfRecord(payout));
      const due = amounts.map((each): Due => {
        const paid = claimed.includes(each.address) || each.amount === 0n;
        return paid ? { pending: 0n, paid: each.amount } : { pending: each.amount, paid: 0n };
      });
      const open = due.reduce((sum, { pending }) => sum + (pending ?? 0n), 0n);
      const counted = { symbol: token.symbol, decimals: token.decimals, token };
      return { unit: counted, due, missing: open > balance ? open - balance : 0n };
    }
    case 'splits-v2': {
      const [{ getBalance }, { tokenBalance }] = await Promise.all([
        import('viem/actions'),
        import('$lib/chain/payouts/token')
      ]);
      const held = unit.token
        ? await tokenBalance(chain, unit.token, address)
        : await getBalance(chain.client, { address });
      return { unit, due: payout.payees.map(() => ({})), held };
    }
  }
}
