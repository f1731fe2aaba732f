import { StandardMerkleTree } from '@openzeppelin/merkle-tree';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { rowCid } from './cid';
import {
  EmptyTreeError,
  MerkleTree,
  NoSuchLeafError,
  verifyProof,
  verifyShareProof,
  type MerkleLeaf
} from './merkle';

const ENCODING = ['string', 'string'];
const reference = (leaves: MerkleLeaf[]) =>
  StandardMerkleTree.of(
    leaves.map(({ cid, contributor }) => [cid, contributor]),
    ENCODING
  );
const leaf = (i: number, contributor = 'Ann'): MerkleLeaf => ({
  cid: rowCid({ text: `row ${i}` }),
  contributor
});
const leaves = (count: number) => Array.from({ length: count }, (_, i) => leaf(i));

describe('the Merkle tree', () => {
  it("has OpenZeppelin's root for any leaves, and proofs that hold there and here", async () => {
    const few = fc.array(
      fc.record({
        cid: fc.oneof(
          fc.nat(5).map((i) => leaf(i).cid),
          fc.string({ unit: 'grapheme', maxLength: 70 })
        ),
        contributor: fc.oneof(
          fc.constantFrom('', 'Ann', 'did:key:zDnaeTiq1PdzvZXUaMdezchcMJQpBdH2VN4pgrrEhMCCmwSa4'),
          fc.string({ unit: 'grapheme', maxLength: 40 })
        )
      }),
      { minLength: 1, maxLength: 40 }
    );
    await fc.assert(
      fc.asyncProperty(few, async (list) => {
        const tree = await MerkleTree.build(list);
        const theirs = reference(list);
        expect(tree.root).toBe(theirs.root);
        for (const [i, { cid, contributor }] of list.entries()) {
          const proof = tree.proof(i);
          expect(StandardMerkleTree.verify(theirs.root, ENCODING, [cid, contributor], proof)).toBe(true);
          expect(verifyProof(tree.root, cid, contributor, theirs.getProof(i))).toBe(true);
        }
      }),
      fuzz(60)
    );
  });

  it.each([1, 2, 3, 7, 8, 97, 1009])("has OpenZeppelin's root and proofs of %i leaves", async (count) => {
    const list = leaves(count);
    const tree = await MerkleTree.build(list, { count });
    const theirs = reference(list);
    expect(tree.length).toBe(count);
    expect(tree.root).toBe(theirs.root);
    for (const i of [0, count >> 1, count - 1]) expect(tree.proof(i)).toEqual(theirs.getProof(i));
  });

  it("has OpenZeppelin's root and proofs of shares, which hold for no other share", async () => {
    const people = fc.array(
      fc.record({
        id: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 70 }),
        share: fc.oneof(fc.nat(1_000_000), fc.maxSafeNat())
      }),
      { minLength: 1, maxLength: 20 }
    );
    const encoding = ['string', 'uint256'];
    await fc.assert(
      fc.asyncProperty(people, async (list) => {
        const tree = await MerkleTree.ofShares(list);
        const theirs = StandardMerkleTree.of(
          list.map(({ id, share }) => [id, BigInt(share)]),
          encoding
        );
        expect(tree.root).toBe(theirs.root);
        for (const [i, { id, share }] of list.entries()) {
          const proof = tree.proof(i);
          expect(StandardMerkleTree.verify(theirs.root, encoding, [id, BigInt(share)], proof)).toBe(true);
          expect(verifyShareProof(tree.root, { id, share }, theirs.getProof(i))).toBe(true);
          expect(verifyShareProof(tree.root, { id, share: share === 0 ? 1 : share - 1 }, proof)).toBe(false);
        }
      }),
      fuzz(60)
    );
  });

  it('knows words of any length and script, and rows that are there twice', async () => {
    const list = [
      leaf(1, '山田太郎'),
      leaf(1, 'a'.repeat(64)),
      leaf(1, '🧪'.repeat(40)),
      leaf(2),
      leaf(2),
      leaf(2)
    ];
    const tree = await MerkleTree.build(list);
    expect(tree.root).toBe(reference(list).root);
    for (const [i, { cid, contributor }] of list.entries()) {
      expect(verifyProof(tree.root, cid, contributor, tree.proof(i))).toBe(true);
    }
  });

  it('does not depend on the order of rows', async () => {
    const list = leaves(50);
    expect((await MerkleTree.build([...list].reverse())).root).toBe((await MerkleTree.build(list)).root);
  });

  it('proves nothing else: another row, contributor, root or a bent proof', async () => {
    const list = leaves(20);
    const tree = await MerkleTree.build(list);
    const proof = tree.proof(3);
    const { cid, contributor } = list[3];
    expect(verifyProof(tree.root, cid, contributor, proof)).toBe(true);
    expect(verifyProof(tree.root, leaf(4).cid, contributor, proof)).toBe(false);
    expect(verifyProof(tree.root, cid, 'Bob', proof)).toBe(false);
    expect(verifyProof(`0x${'0'.repeat(64)}`, cid, contributor, proof)).toBe(false);
    expect(verifyProof(tree.root, cid, contributor, proof.slice(1))).toBe(false);
    expect(verifyProof(tree.root, cid, contributor, [...proof.slice(0, -1), 'nonsense'])).toBe(false);
    // abi.encode keeps the two strings apart.
    expect(verifyProof(tree.root, cid + contributor, '', proof)).toBe(false);
  });

  it('refuses to be empty, and to prove a row that it does not have', async () => {
    await expect(MerkleTree.build([])).rejects.toThrow(EmptyTreeError);
    const tree = await MerkleTree.build(leaves(3));
    for (const index of [-1, 3, 0.5]) expect(() => tree.proof(index)).toThrow(NoSuchLeafError);
  });

  it('pauses for other work, tells how far it is, and stops when asked', async () => {
    const done: number[] = [];
    let turns = 0;
    const timer = setInterval(() => (turns += 1));
    const list = leaves(20_000);
    await MerkleTree.build(list, { count: list.length, onProgress: (part, all) => done.push(part / all) });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(1);

    const controller = new AbortController();
    const stopped = MerkleTree.build(list, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough'))
    });
    await expect(stopped).rejects.toThrow('enough');
  });
});
