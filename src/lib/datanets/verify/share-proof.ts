import { z } from 'zod';
import { MerkleTree, verifyShareProof } from '../content/merkle';
import type { PaceOptions } from '../pace';
import { quoted } from '../policy/sentences';
import { percent } from '../trust/claim-words';
import type { AttributionReceipt } from '../trust/claims';
import { short } from '../trust/short';
import { TabtuneError } from '../../errors';
import type { Related } from './related';
import type { CheckList } from './report';

/** Somebody is not among the contributors of a receipt. */
export class NoSuchShareError extends TabtuneError {}

/** A tree of a hundred thousand contributors has 17 levels. */
const MAX_STEPS = 64;
const hash = z.string().regex(/^0x[0-9a-f]{64}$/, 'is not 0x and 64 hexadecimal digits');

const schema = z.strictObject({
  format: z.literal('standard-v1'),
  leafEncoding: z.tuple([z.literal('string'), z.literal('uint256')]),
  root: hash,
  value: z.tuple([z.string().min(1).max(300), z.number().int().min(0).max(1_000_000)]),
  proof: z.array(hash).max(MAX_STEPS)
});

/** That a contributor has a share in the receipt with a root: as OpenZeppelin's `StandardMerkleTree.verify` takes it. */
export interface ShareProof {
  format: 'standard-v1';
  leafEncoding: ['string', 'uint256'];
  root: string;
  /** Contributor id, and share in millionths. */
  value: [string, number];
  proof: string[];
}

/**
 * The proof of one contributor's share, which tells nothing of the others.
 * @throws NoSuchShareError, the abort reason
 */
export async function shareProofOf(
  { shares }: AttributionReceipt,
  contributor: string,
  options: PaceOptions = {}
): Promise<ShareProof> {
  const index = shares.findIndex(({ id }) => id === contributor);
  if (index < 0) {
    throw new NoSuchShareError(
      `${quoted(contributor)} is not among the contributors of this receipt. Choose one of those that it names.`,
      { details: { contributor } }
    );
  }
  const tree = await MerkleTree.ofShares(shares, { ...options, count: shares.length });
  return {
    ...{ format: 'standard-v1', leafEncoding: ['string', 'uint256'], root: tree.root },
    ...{ value: [contributor, shares[index].share], proof: tree.proof(index) }
  };
}

/**
 * Checks of the proof of a share: `form`, `proof`, `receipt`.
 * @returns what it says, in sentences
 */
export function checkShareProof(list: CheckList, json: Record<string, unknown>, related: Related): string[] {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    const field = path.map((step) => String(step).slice(0, 40)).join('.') || 'it';
    list.fails('form', `This is not a proof that can be read: ${field}: ${message}.`);
    return [];
  }
  const { root, value, proof } = parsed.data;
  const [id, share] = value;
  list.holds('form', 'Every field is one that the proof of a share has.');
  list.expect(
    'proof',
    verifyShareProof(root, { id, share }, proof),
    `The ${proof.length} steps lead from the contributor and the share to the root.`,
    'The steps do not lead from this contributor and this share to this root: one of the three, or a step, was changed.'
  );
  checkReceipt(list, root, id, related);
  return [`${quoted(id)} has ${percent(share)} in the receipt whose shares have the Merkle root ${root}.`];
}

function checkReceipt(list: CheckList, root: string, contributor: string, related: Related): void {
  const name = 'receipt';
  const receipts = related.of('attribution-receipt').map(([, { statement }]) => statement);
  const signed = receipts.filter(({ sharesRoot }) => sharesRoot === root);
  for (const { by, shares } of signed) {
    const which = `the receipt that ${quoted(by.name)} (${short(by.id)}) signed`;
    list.expect(
      name,
      shares.some(({ id }) => id === contributor),
      `The root is that of ${which}, which names the contributor.`,
      `The root is that of ${which}, which does not name the contributor ${quoted(contributor)}.`
    );
  }
  if (signed.length > 0) return;
  if (receipts.length > 0) {
    list.fails(name, 'No receipt that was given with it has this root: the share is of another one.');
  } else {
    list.unknown(
      name,
      'Whether anybody signed shares with this root cannot be seen from this file. Give the receipt with it.'
    );
  }
}
