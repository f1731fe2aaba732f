/** A payout is taken up after a reload with the very payees and amounts that it was created with. */
import { describe, expect, it } from 'vitest';
import { payoutOf } from '$lib/attribution/payouts/amounts';
import { payeesOf } from '$lib/attribution/payouts/payees';
import { listAmounts, payeesOfRecord, recordPayees } from './record';

const shares = [
  { id: 'a', name: 'Ada', share: 333_333 },
  { id: 'b', name: 'Bo', share: 333_333 },
  { id: 'c', name: 'Cy', share: 166_667 },
  { id: 'd', name: 'Di', share: 166_667 }
];
const [one, two] = [`0x${'11'.repeat(20)}`, `0x${'22'.repeat(20)}`];

describe('a payout that is kept', () => {
  it('has the same addresses and shares again, of two who share an address together', async () => {
    const { payees, without } = await payeesOf(shares, { a: one, b: two, c: one });
    expect(without.map(({ id }) => id)).toEqual(['d']);
    const kept = recordPayees(payees);
    expect(kept.map(({ name, share }) => [name, share])).toEqual([
      ['Ada, Cy', 500_000],
      ['Bo', 333_333]
    ]);
    const again = payeesOfRecord({ payees: kept });
    expect(again.map(({ address, share }) => [address, share])).toEqual(
      payees.map(({ address, share }) => [address, share])
    );
  });

  it('pays by its list, after a reload, what was shown before', async () => {
    const { payees } = await payeesOf(shares, { a: one, b: two });
    const { paid, amounts } = payoutOf(1_000_000_007n, payees);
    const again = listAmounts(paid, payeesOfRecord({ payees: recordPayees(payees) }));
    expect(again.map(({ amount }) => amount)).toEqual(amounts);
  });
});
