/** Each check of a claim, with all that this browser has to compare it with. */
import { claimChecks } from '../../attribution/claims/checks';
import { canonicalJson } from '../../datanets/canonical';
import type { Store } from '../../datanets/store/store';
import type { Signed } from '../../datanets/trust/statements';
import { verifyFile, type VerifyReport } from '../../datanets/verify/verify';

/** Statements that one is compared with. More than any claim names. */
const MOST_RELATED = 1000;

export interface ReportOptions {
  now: Date;
  /** The adapter that it should be of, as it is exported. */
  adapter?: Blob;
  /** Statements that came with it and are not in the store. */
  beside?: readonly Blob[];
  /** What the text says, where it can be read: what could end it is then looked for. */
  signed?: Signed;
}

/** @param text of the claim, as it came */
export async function reportOf(
  store: Store,
  text: string,
  { now, adapter, beside = [], signed }: ReportOptions
): Promise<VerifyReport> {
  const named = [...new Set(text.match(/bafkrei[a-z2-7]{52}/g) ?? [])];
  const known = await Promise.all(named.slice(0, MOST_RELATED).map((cid) => statementOf(store, cid)));
  const ends = signed ? await endsOf(store, signed) : [];
  const blobs = [...known, ...ends].flatMap((each) => (each ? [new Blob([canonicalJson(each)])] : []));
  return verifyFile(new Blob([text]), 'The claim', {
    ...{ ...claimChecks, now },
    related: [...blobs, ...beside, ...(adapter ? [adapter] : [])]
  });
}

async function statementOf(store: Store, cid: string): Promise<Signed | undefined> {
  return (await store.statements.find(cid))?.signed ?? (await store.versions.find(cid))?.signed;
}

/** What could end it: the checks say whether it does. */
async function endsOf(store: Store, { statement }: Signed): Promise<Signed[]> {
  const { datanet } = statement as { datanet?: string };
  const found: { signed: Signed }[] = await store.statements.of('', 'retraction');
  if (datanet !== undefined) {
    found.push(...(await store.statements.of(datanet, 'withdrawal')));
    found.push(...(await store.statements.of(datanet, 'revocation')));
  }
  return found.map(({ signed }) => signed);
}
