/** What an adapter takes along when it leaves, and what it brings when it comes. */
import { verifyWalletSignature } from '../../attribution/claims/wallet-signature';
import { canonicalJson } from '../../datanets/canonical';
import type { ProvenanceRecord } from '../../datanets/store/attribution-schema';
import type { StatementRecord } from '../../datanets/store/datanet-schema';
import type { RunRecord } from '../../datanets/store/schema';
import type { NewProvenance, Store } from '../../datanets/store/store';
import { isSigned, readSigned, statementCid } from '../../datanets/trust/sign';
import type { Signed } from '../../datanets/trust/statements';
import { isForWallets } from '../../datanets/trust/wallet-kinds';
import { ChainUnavailableError } from '../../datanets/verify/chain-request';
import type { Adapter } from '../../formats/peft';
import { CLAIM_FILES, type Companions } from '../adapter-files';
import { statementRecord } from '../datanets/exchange-lookup';
import { runJson } from '../run-facts';
import { adapterSha256 } from '../stored-adapter';
import { cardOf } from './card';
import { CLAIM_KINDS, retractionOf, type ClaimPart } from './desk';

const PARTS: readonly ClaimPart[] = ['manifest', 'receipt'];

/** The record of the run, claims that stand, and a model card: the one that it came with, else one of what is known here. */
export async function companionsOf(store: Store, id: string, adapter: Adapter): Promise<Companions> {
  const record = await store.adapter(id);
  const provenance: Partial<ProvenanceRecord> = (await store.claims.provenance(id)) ?? {};
  const run = await runOf(store, record.metrics['run']);
  const claims: { part: ClaimPart; file: string; signed: Signed }[] = [];
  for (const part of PARTS) {
    const cid = provenance[part];
    const found = cid === undefined ? undefined : await store.statements.find(cid);
    if (found && !(await retractionOf(store, found))) {
      claims.push({ part, file: CLAIM_FILES[part], signed: found.signed });
    }
  }
  const subject = { name: record.name, adapter, sha256: await adapterSha256(store, id), run, claims };
  return {
    ...(run ? { run: runJson(run) } : {}),
    card: provenance.card ?? (await cardOf(store, subject)),
    claims: Object.fromEntries(claims.map(({ part, signed }) => [part, canonicalJson(signed)]))
  };
}

/** The run may have been deleted; its adapter is still whole. */
async function runOf(store: Store, id: unknown): Promise<RunRecord | undefined> {
  return (await store.runs()).find((run) => run.id === id);
}

/**
 * What is kept of what an adapter came with; undefined for nothing. Claims that somebody truly signed are listed with all others; what cannot be believed is
 * kept as it is beside the adapter, to be shown for what it is.
 */
export async function readCompanions({
  card,
  claims
}: Pick<Companions, 'card' | 'claims'>): Promise<NewProvenance | undefined> {
  const named: Partial<Record<ClaimPart, string>> = {};
  const broken: Partial<Record<ClaimPart, string>> = {};
  const records: StatementRecord[] = [];
  for (const part of PARTS) {
    const text = claims[part];
    if (text === undefined) continue;
    const signed = await believed(text, CLAIM_KINDS[part]);
    if (signed) {
      named[part] = statementCid(signed);
      records.push(statementRecord(signed));
    } else broken[part] = text;
  }
  if (card === undefined && Object.keys(claims).length === 0) return undefined;
  const provenance = {
    ...named,
    ...(Object.keys(broken).length > 0 ? { broken } : {}),
    ...(card === undefined ? {} : { card })
  };
  return { provenance, claims: records };
}

/** A claim of a kind whose signatures hold; undefined for anything else. */
async function believed(text: string, kind: (typeof CLAIM_KINDS)[ClaimPart]): Promise<Signed | undefined> {
  try {
    const signed = await readSigned(text);
    const { statement, wallet } = signed;
    if (!isSigned(signed, kind)) return undefined;
    if (wallet && isForWallets(statement))
      await verifyWalletSignature(statement, wallet).catch(unlessUnasked);
    return signed;
  } catch {
    // Why not, its checks say.
    return undefined;
  }
}

/** That only a chain can tell is no reason to disbelieve the person who signed; the checks say that it is unknown. */
function unlessUnasked(error: unknown): void {
  if (!(error instanceof ChainUnavailableError)) throw error;
}
