/** Nothing is paid to an address that is wrong, nor to one twice. */
import { describe, expect, it } from 'vitest';
import { checkedAddress, PayeeError, payeesOf } from './payees';

// From EIP-55.
const [ada, bo] = [
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359'
];
const shares = [
  { id: 'a', name: 'Ada', share: 400_000 },
  { id: 'b', name: 'Bo', share: 350_000 },
  { id: 'c', name: 'Cy', share: 250_000 },
  { id: 'd', name: 'Di', share: 0 }
];

describe('payees', () => {
  it('are those who have a share and an address; the others are named, and who earned nothing is left out', async () => {
    const { payees, without } = await payeesOf(shares, { a: ada, b: bo, d: bo, toString: ada });
    expect(payees.map(({ address, share }) => [address, share])).toEqual([
      [ada, 400_000],
      [bo, 350_000]
    ]);
    expect(without).toEqual([shares[2]]);
  });

  it('with the same address are one, in whatever letters it is written', async () => {
    const { payees } = await payeesOf(shares, { a: ada, b: bo, c: ` ${ada.toLowerCase()} ` });
    expect(payees).toEqual([
      { address: ada, share: 650_000, contributors: [shares[0], shares[2]] },
      { address: bo, share: 350_000, contributors: [shares[1]] }
    ]);
  });

  it('are not looked for in what every object has', async () => {
    const { without } = await payeesOf([{ id: 'constructor', name: 'Eve', share: 1 }], {});
    expect(without).toHaveLength(1);
  });

  it.each([
    ['a wrong checksum', ada.replace('A', 'a')],
    ['too short', ada.slice(0, -1)],
    ['too long', `${ada}0`],
    ['no address', 'ada.eth'],
    ['nobody', `0x${'0'.repeat(40)}`],
    ['a novel', 'x'.repeat(100_000)]
  ])('are refused for %s, by name', async (_, address) => {
    const refused = checkedAddress(address, 'Ada');
    await expect(refused).rejects.toThrow(PayeeError);
    await expect(refused).rejects.toThrow(/^Ada cannot be paid at .{1,90}: /);
  });

  it('may be written in one case', async () => {
    expect(await checkedAddress(`0x${ada.slice(2).toUpperCase()}`, 'Ada')).toBe(ada);
  });
});
