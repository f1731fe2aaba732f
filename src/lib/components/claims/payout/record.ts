import { apportion } from '$lib/attribution/payouts/amounts';
import type { Payee } from '$lib/attribution/payouts/payees';
import type { PayoutRecord } from '$lib/workers/claims/protocol';

/** The payees of a record as the contract was created with them. */
export function payeesOfRecord({ payees }: Pick<PayoutRecord, 'payees'>): Payee[] {
  return payees.map(({ id, name, address, share }) => ({
    address: address as Payee['address'],
    share,
    contributors: [{ id, name, share }]
  }));
}

/** Payees as a record keeps them: several contributors at one address under all of their names. */
export function recordPayees(payees: readonly Payee[]): PayoutRecord['payees'] {
  return payees.map(({ address, share, contributors }) => ({
    id: contributors[0].id,
    name: contributors.map(({ name }) => name).join(', '),
    address,
    share
  }));
}

/** What a Merkle list pays to each, in the order of its payees. */
export function listAmounts(
  total: bigint,
  payees: readonly Payee[]
): { address: Payee['address']; amount: bigint }[] {
  const amounts = apportion(
    total,
    payees.map(({ share }) => BigInt(share))
  );
  return payees.map(({ address }, index) => ({ address, amount: amounts[index] }));
}
