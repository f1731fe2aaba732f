/** What is claimed of an adapter that is here, and what of it holds. */
import { canonicalJson } from '../../datanets/canonical';
import type { ProvenanceRecord } from '../../datanets/store/attribution-schema';
import type { Store } from '../../datanets/store/store';
import { isSigned, readForm, statementCid } from '../../datanets/trust/sign';
import type { Signed, Statement } from '../../datanets/trust/statements';
import { wordsOf } from '../../datanets/trust/words';
import type { Check } from '../../datanets/verify/verify';
import { CLAIM_FILES, zipAdapter } from '../adapter-files';
import { loadAdapter } from '../stored-adapter';
import { CLAIM_KINDS, type ClaimPart } from './desk';
import type { BrokenClaim, Provenance } from './protocol';
import { reportOf } from './reports';
import { parseJson } from '../../json';

/** @throws NotStoredError where there is no such adapter */
export async function provenanceOf(store: Store, adapter: string, now: Date): Promise<Provenance> {
  const { metrics } = await store.adapter(adapter);
  const person = (await store.identities.get())?.person.id;
  const record: ProvenanceRecord = (await store.claims.provenance(adapter)) ?? { adapter };
  const [manifest, receipt] = [
    await textOf(store, record, 'manifest'),
    await textOf(store, record, 'receipt')
  ];
  const { card } = record;
  const run = await runOf(store, metrics['run']);
  const found: Provenance = { ...(card === undefined ? {} : { card }), ...(run ? { run } : {}) };
  if (manifest === undefined && receipt === undefined) return found;
  // Its configuration beside its weights: a manifest is compared with both.
  const folder = zipAdapter(await loadAdapter(store, adapter), { claims: {} });
  const unreadable: BrokenClaim[] = [];
  const look = async <P extends ClaimPart>(part: P, text: string | undefined, beside: string[]) => {
    if (text === undefined) return undefined;
    const signed = formOf(text, CLAIM_KINDS[part]);
    const { checks } = await reportOf(store, text, {
      ...{ now, adapter: folder, beside: beside.map((each) => new Blob([each])) },
      ...(signed ? { signed } : {})
    });
    if (!signed) unreadable.push({ file: CLAIM_FILES[part], checks: failing(checks) });
    if (!signed) return undefined;
    const { statement } = signed as Signed;
    const own = statement.by.id === person;
    return { cid: statementCid(signed), signed, words: wordsOf(statement), checks, own };
  };
  const manifestFound = await look('manifest', manifest, []);
  const receiptFound = await look('receipt', receipt, manifest === undefined ? [] : [manifest]);
  return {
    ...found,
    ...(manifestFound ? { manifest: manifestFound } : {}),
    ...(receiptFound ? { receipt: receiptFound } : {}),
    ...(unreadable.length > 0 ? { unreadable } : {})
  };
}

async function runOf(store: Store, id: unknown): Promise<Provenance['run']> {
  const run = (await store.runs()).find((each) => each.id === id);
  return run && { id: run.id, measured: (await store.attribution.result(run.id)) !== undefined };
}

/** A claim as it came: the one that is kept among the statements, else the file that could not be believed. */
async function textOf(store: Store, record: ProvenanceRecord, part: ClaimPart): Promise<string | undefined> {
  const cid = record[part];
  const kept = cid === undefined ? undefined : await store.statements.find(cid);
  return kept ? canonicalJson(kept.signed) : record.broken?.[part];
}

/** A claim that has the form of its kind, whether it is to be believed or not. */
function formOf<K extends Statement['kind']>(
  text: string,
  kind: K
): Signed<Extract<Statement, { kind: K }>> | undefined {
  try {
    const signed = readForm(parseJson('The claim', text));
    return isSigned(signed, kind) ? signed : undefined;
  } catch {
    // What is wrong with it, its checks say.
    return undefined;
  }
}

/** A good statement of another kind is no claim of this adapter all the same. */
function failing(checks: Check[]): Check[] {
  if (checks.some(({ state }) => state === 'fails')) return checks;
  return [
    { name: 'kind', state: 'fails', reason: 'This is another statement than its file’s name says.' },
    ...checks
  ];
}
