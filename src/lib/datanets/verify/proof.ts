import { z } from 'zod';
import { rowCid, rowContent } from '../content/cid';
import { verifyProof } from '../content/merkle';
import { contentSchema } from '../content/row-schema';
import { readRows } from '../content/rows-file';
import { quoted } from '../policy/sentences';
import { rowTexts, type RowContent, type RowText } from '../row';
import { short } from '../trust/short';
import type { Related } from './related';
import type { CheckList, VerifyOptions } from './report';

const hash = z.string().regex(/^0x[0-9a-f]{64}$/, 'is not 0x and 64 hexadecimal digits');
/** A tree of ten million rows has 24 levels. */
const MAX_STEPS = 64;

const proofSchema = z.strictObject({
  format: z.literal('standard-v1'),
  leafEncoding: z.tuple([z.literal('string'), z.literal('string')]),
  root: hash,
  value: z.tuple([
    z.string().regex(/^bafkrei[a-z2-7]{52}$/, 'is not the CID of a row'),
    z.string().min(1).max(300)
  ]),
  proof: z.array(hash).max(MAX_STEPS),
  /** The row's own words, where they may be told. */
  content: contentSchema.optional()
});

/** That a row, of a contributor, is in the version with a root: as OpenZeppelin's `StandardMerkleTree.verify` takes it. */
export interface RowProof {
  format: 'standard-v1';
  leafEncoding: ['string', 'string'];
  root: string;
  /** CID of the row, and contributor. */
  value: [string, string];
  proof: string[];
  content?: RowContent;
}

/**
 * Checks of a proof: `form`, `row`, `proof`, `root`.
 * @returns what it says, in sentences
 */
export async function checkProof(
  list: CheckList,
  json: Record<string, unknown>,
  related: Related,
  options: VerifyOptions
): Promise<string[]> {
  const parsed = proofSchema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    const field = path.map((step) => String(step).slice(0, 40)).join('.') || 'it';
    list.fails('form', `This is not a proof that can be read: ${field}: ${message}.`);
    return [];
  }
  const proof: RowProof = parsed.data;
  const { root, value } = proof;
  const [cid, contributor] = value;
  list.holds('form', 'Every field is one that the proof of a row has.');
  await checkRow(list, proof, related, options);
  list.expect(
    'proof',
    verifyProof(root, cid, contributor, proof.proof),
    `The ${proof.proof.length} steps lead from the row and its contributor to the root.`,
    'The steps do not lead from this row and this contributor to this root: one of the three, or a step, was changed.'
  );
  checkRoot(list, proof, related);
  return [
    `The row ${cid} by ${quoted(contributor)} is in the version with the Merkle root ${root}.`,
    ...(proof.content ? [`The row: ${wordsOfRow(proof.content)}`] : [])
  ];
}

function wordsOfRow(content: RowContent): string {
  const text = rowTexts(content)
    .map(({ role, path, text: said }) => `${labelOf(role, path)}${quoted(said)}`)
    .join(' ');
  return text.length > 2000 ? `${text.slice(0, 2000)}…`.toWellFormed() : text;
}

/** `user: `, and for what is not said but thought or called, its place. */
function labelOf(role: string | undefined, path: RowText['path']): string {
  if (role === undefined) return '';
  return path[0] === 'messages' && path[2] === 'content' ? `${role}: ` : `${path.join('.')}: `;
}

/** Reckons the row's CID anew: from the proof's own words, or from the rows of an open version. */
async function checkRow(
  list: CheckList,
  { content, root, value: [cid] }: RowProof,
  related: Related,
  options: VerifyOptions
): Promise<void> {
  const name = 'row';
  if (content) {
    const found = await list.attempt(name, () => rowCid(content));
    if (found === undefined) return;
    list.expect(
      name,
      found === cid,
      'The CID is that of the words that the proof shows.',
      `The words that the proof shows have another CID than the proven row: ${short(found)}.`
    );
    return;
  }
  const rows = related.rows.find(({ version }) => version.rows.root === root);
  if (!rows) {
    list.unknown(
      name,
      'Which words the row is made of is not in this file. Give the open bundle of the version with it, and the row is looked for there.'
    );
    return;
  }
  await list.attempt(name, async () => {
    let found: RowContent | undefined;
    // To the end: only there it is known that the rows are those that the version signed.
    for await (const row of readRows(rows.data, rows.version.rows, { signal: options.signal })) {
      const own = rowContent(row);
      if (!found && rowCid(own) === cid) found = own;
    }
    if (found) list.holds(name, `The CID is that of a row in the bundle given with it: ${wordsOfRow(found)}`);
    else list.fails(name, 'No row of the bundle that was given with it has this CID.');
  });
}

function checkRoot(list: CheckList, { root, value: [, contributor] }: RowProof, related: Related): void {
  const name = 'root';
  const versions = related.of('version');
  const signed = versions.filter(([, { statement }]) => statement.rows.root === root);
  if (signed.length > 0) {
    for (const [, { statement }] of signed) {
      const { facts, number, by, contributors } = statement;
      const which = `version ${number} of ${quoted(facts.name)}, signed by ${quoted(by.name)} (${short(by.id)})`;
      list.expect(
        name,
        contributors.some(({ id }) => id === contributor),
        `The root is that of ${which}, which names the contributor.`,
        `The root is that of ${which}, which does not name the contributor ${quoted(contributor)}.`
      );
    }
  } else if (versions.length > 0) {
    list.fails(name, 'No signed version that was given with it has this root: the row is of another one.');
  } else {
    list.unknown(
      name,
      'Whether anybody signed a version with this root cannot be seen from this file. Give the version’s bundle with it.'
    );
  }
}
