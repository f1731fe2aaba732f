/** A claim with its attestation on a chain, in one file that a stranger can check. */
import { z } from 'zod';
import { canonicalJson } from '../canonical';
import type { Signed } from '../trust/statements';
import { isForWallets } from '../trust/wallet-kinds';
import type { CheckList, VerifyOptions } from './report';

const hash = z.string().regex(/^0x[0-9a-f]{64}$/, 'is not 0x and 64 hexadecimal digits');

const anchorSchema = z.strictObject({
  chainId: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  uid: hash,
  contract: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, 'is not an address')
    .optional(),
  transaction: hash
});

const schema = z.strictObject({ claim: z.looseObject({}), anchor: anchorSchema });

/** Where a claim is attested. */
export interface Anchor {
  chainId: number;
  /** EAS's UID. */
  uid: string;
  /** Of EAS, checksummed, where it is another contract than the one that is published for the chain. */
  contract?: string;
  /** In which it was attested. */
  transaction: string;
}

/** The file, which is JSON. */
export interface AnchoredClaim {
  claim: Signed;
  anchor: Anchor;
}

/** The file of a claim and one of its anchors; what else is known of the anchor stays here. */
export function anchoredClaim(claim: Signed, { chainId, uid, contract, transaction }: Anchor): AnchoredClaim {
  return { claim, anchor: { chainId, uid, ...(contract !== undefined && { contract }), transaction } };
}

/**
 * Reads the file of an anchored claim: `file` fails where it has not the form of one.
 * @returns the claim, whose own form is not looked at yet, with its canonical text
 */
export function readAnchored(
  list: CheckList,
  json: Record<string, unknown>
): { claim: unknown; text: string; anchor: Anchor } | undefined {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    const field = path.map((step) => String(step).slice(0, 40)).join('.') || 'it';
    list.fails('file', `This is not a claim with its anchor that can be read: ${field}: ${message}.`);
    return undefined;
  }
  const { claim, anchor } = parsed.data;
  list.holds('file', 'It holds a claim and where that is anchored, and nothing else.');
  return { claim, text: canonicalJson(claim), anchor };
}

/** Checks of the anchor of a claim that was read: see `CheckAnchor`. */
export async function checkAnchorOf(
  list: CheckList,
  { statement, wallet }: Signed,
  anchor: Anchor,
  options: VerifyOptions
): Promise<void> {
  if (!isForWallets(statement)) {
    list.fails('anchor', `What is anchored is a claim, and this is a ${statement.kind}.`);
  } else if (!options.checkAnchor) {
    list.unknown('anchor', 'Anchors are not checked here.');
  } else {
    await options.checkAnchor(list, { statement, wallet }, anchor, options);
  }
}
