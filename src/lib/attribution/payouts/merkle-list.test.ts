/** A payout list is one that Uniswap's contract pays by; what is not is told, and never paid by. */
import fc from 'fast-check';
import { concatHex, encodePacked, getAddress, keccak256, type Hex } from 'viem';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { MerkleListError, merkleListOf, readMerkleList, type MerkleList } from './merkle-list';

const address = (number: number): Hex => getAddress(`0x${(number + 1).toString(16).padStart(40, 'a')}`);
const three = [200n, 300n, 250n].map((amount, index) => ({ address: address(2 - index), amount }));

/** `MerkleProof.verify` of OpenZeppelin's contracts, over the leaf of `MerkleDistributor.claim`. */
function contractAccepts({ merkleRoot, claims }: MerkleList, account: Hex, amount: bigint): boolean {
  const { index, proof } = claims[account];
  const leaf = keccak256(encodePacked(['uint256', 'address', 'uint256'], [BigInt(index), account, amount]));
  const root = proof.reduce(
    (hash, each) => keccak256(concatHex(hash < each ? [hash, each] : [each, hash])),
    leaf
  );
  return root === merkleRoot;
}

describe('a payout list', () => {
  it('has the form that the script of its authors writes', async () => {
    const list = await merkleListOf(three);
    // 750 as ethers writes it.
    expect(list.tokenTotal).toBe('0x02ee');
    expect(Object.keys(list)).toEqual(['merkleRoot', 'tokenTotal', 'claims']);
    expect(
      Object.entries(list.claims).map(([account, { index, amount }]) => [account, index, amount])
    ).toEqual([
      [address(0), 0, '0xfa'],
      [address(1), 1, '0x012c'],
      [address(2), 2, '0xc8']
    ]);
  });

  it('of any size holds a proof for each, for the very amount, and is read back', async () => {
    const amounts = fc.array(fc.bigInt({ min: 1n, max: 2n ** 200n }), { minLength: 1, maxLength: 33 });
    await fc.assert(
      fc.asyncProperty(amounts, async (amounts) => {
        const payments = amounts.map((amount, index) => ({ address: address(index), amount }));
        const list = await merkleListOf(payments);
        for (const { address, amount } of payments) {
          expect(contractAccepts(list, address, amount)).toBe(true);
          expect(contractAccepts(list, address, amount + 1n)).toBe(false);
        }
        expect(await readMerkleList(JSON.stringify(list))).toEqual(list);
      }),
      fuzz(25)
    );
  });

  it('leaves out who gets nothing, and is not made for nobody or for one address twice', async () => {
    const list = await merkleListOf([...three, { address: address(7), amount: 0n }]);
    expect(Object.keys(list.claims)).toHaveLength(3);
    await expect(merkleListOf([{ address: address(7), amount: 0n }])).rejects.toThrow(MerkleListError);
    const twice = { ...three[0], address: three[0].address.toLowerCase() as Hex };
    await expect(merkleListOf([...three, twice])).rejects.toThrow(/twice/);
  });

  it('in which anything was changed is refused', async () => {
    const list = await merkleListOf(three);
    const text = JSON.stringify(list);
    const [first, second] = Object.keys(list.claims);
    const changed = (change: (list: MerkleList) => void) => {
      const copy = JSON.parse(text) as MerkleList;
      change(copy);
      return JSON.stringify(copy);
    };
    const wrong = [
      '',
      'null',
      '{}',
      text.slice(0, -1),
      changed((list) => (list.tokenTotal = '0x02ef')),
      changed((list) => (list.merkleRoot = `0x${'1'.repeat(64)}`)),
      changed((list) => (list.claims[first].amount = '0xfb')),
      changed((list) => (list.claims[first].index = 2)),
      changed((list) => (list.claims[first] = list.claims[second])),
      changed((list) => (list.claims[first].proof = [])),
      changed((list) => delete list.claims[first]),
      changed((list) => Object.assign(list, { more: 1 })),
      '['.repeat(100_000)
    ];
    for (const each of wrong)
      await expect(readMerkleList(each), each.slice(0, 200)).rejects.toThrow(MerkleListError);
  });
});
