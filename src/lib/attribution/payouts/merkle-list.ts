import { z } from 'zod';
import { Pace, type PaceOptions } from '../../datanets/pace';
import { TabtuneError } from '../../errors';
import { JsonBoundsError, parseJson } from '../../json';

type Hex = `0x${string}`;

/** Not a list that a MerkleDistributor could pay by, or not whole. */
export class MerkleListError extends TabtuneError {}

/** What one address can claim. */
export interface MerkleClaim {
  index: number;
  /** Hexadecimal, in the token's smallest unit. */
  amount: Hex;
  proof: Hex[];
}

/**
 * A payout list in the JSON that Uniswap's `scripts/generate-merkle-root.ts` writes, which pages for claiming read.
 * https://github.com/Uniswap/merkle-distributor
 */
export interface MerkleList {
  merkleRoot: Hex;
  /** Hexadecimal. */
  tokenTotal: Hex;
  /** By checksummed address. */
  claims: Record<string, MerkleClaim>;
}

/**
 * The list for a MerkleDistributor: a leaf is keccak256(abi.encodePacked(uint256 index, address account,
 * uint256 amount)), pairs are sorted (OpenZeppelin's MerkleProof), and addresses are numbered in their order.
 * @param payments each address once, amounts in the token's smallest unit; those of nothing are left out
 * @throws MerkleListError where nothing is paid to anybody, or an address is there twice
 */
export async function merkleListOf(
  payments: readonly { address: Hex; amount: bigint }[]
): Promise<MerkleList> {
  const paid = payments
    .filter(({ amount }) => amount > 0n)
    .sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
  if (paid.length === 0) throw new MerkleListError('Nobody is paid anything: choose a larger amount.');
  if (new Set(paid.map(({ address }) => address.toLowerCase())).size < paid.length) {
    throw new MerkleListError('The same address is paid twice: add its amounts up, and list it once.');
  }
  const { SimpleMerkleTree } = await import('@openzeppelin/merkle-tree');
  const leaves = await Promise.all(paid.map(({ address, amount }, index) => leafOf(index, address, amount)));
  const tree = SimpleMerkleTree.of(leaves);
  return {
    merkleRoot: tree.root as Hex,
    tokenTotal: hexOf(paid.reduce((sum, { amount }) => sum + amount, 0n)),
    claims: Object.fromEntries(
      paid.map(({ address, amount }, index) => [
        address,
        { index, amount: hexOf(amount), proof: tree.getProof(leaves[index]) as Hex[] }
      ])
    )
  };
}

/** Larger files are not looked at. */
const MOST_BYTES = 64 * 1024 * 1024;

const hex = z.string().regex(/^0x[0-9a-f]{1,64}$/i);
const word = z.string().regex(/^0x[0-9a-f]{64}$/i);
const listSchema = z.strictObject({
  merkleRoot: word,
  tokenTotal: hex,
  claims: z.record(
    z.string().regex(/^0x[0-9a-f]{40}$/i),
    z.strictObject({ index: z.int().nonnegative(), amount: hex, proof: z.array(word).max(64) })
  )
});

/**
 * Reads a list that somebody wrote: its form, each proof, each number given once, and the sum.
 * @throws MerkleListError, the reason of the signal
 */
export async function readMerkleList(text: string, options: PaceOptions = {}): Promise<MerkleList> {
  const refuse = (why: string, cause?: unknown) =>
    new MerkleListError(
      `This is no payout list that a MerkleDistributor pays by: ${why}. Ask for the file again.`,
      {
        cause
      }
    );
  if (text.length > MOST_BYTES) throw refuse(`it is larger than ${MOST_BYTES / 1024 / 1024} MiB`);
  let json: unknown;
  try {
    json = parseJson('The payout list', text);
  } catch (cause) {
    throw refuse(cause instanceof JsonBoundsError ? cause.message : 'it is not JSON', cause);
  }
  const parsed = listSchema.safeParse(json);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw refuse(`${path.join('.').slice(0, 80) || 'the whole'}: ${message.slice(0, 200)}`, parsed.error);
  }
  const list = parsed.data as MerkleList;
  const claims = Object.entries(list.claims);
  const pace = new Pace(options);
  const seen = new Set<number>();
  let sum = 0n;
  for (const [address, claim] of claims) {
    if (pace.due) await pace.breathe(seen.size, claims.length);
    if (seen.has(claim.index)) throw refuse(`the number ${claim.index} is given twice`);
    seen.add(claim.index);
    sum += BigInt(claim.amount);
    if (!(await isListed(list, address as Hex, claim)))
      throw refuse(`the proof of ${address} is not of its root`);
  }
  if (sum !== BigInt(list.tokenTotal)) throw refuse('its amounts do not sum to its total');
  pace.finish(claims.length);
  return list;
}

async function isListed({ merkleRoot }: MerkleList, address: Hex, { index, amount, proof }: MerkleClaim) {
  const { SimpleMerkleTree } = await import('@openzeppelin/merkle-tree');
  return SimpleMerkleTree.verify(merkleRoot, await leafOf(index, address, BigInt(amount)), proof);
}

async function leafOf(index: number, account: Hex, amount: bigint): Promise<Hex> {
  const { encodePacked, keccak256 } = await import('viem');
  return keccak256(encodePacked(['uint256', 'address', 'uint256'], [BigInt(index), account, amount]));
}

/** An even number of digits, as ethers writes numbers. */
function hexOf(value: bigint): Hex {
  const digits = value.toString(16);
  return `0x${digits.length % 2 ? '0' : ''}${digits}`;
}
