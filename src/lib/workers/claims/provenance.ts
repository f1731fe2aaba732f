/** What is claimed of an adapter that is here, and what of it holds. */
import { canonicalJson } from '../../datanets/canonical';
import type { ProvenanceRecord } from '../../datanets/store/attribution-schema';
import type { Store } from '../../datanets/store/store';
import { isSigned, readForm, statementCid } from '../../datanets/trust/sign';
import type { AttributionReceipt, RunManifest } from '../../datanets/trust/claims';
import type { Signed } from '../../datanets/trust/statements';
import { loadAdapter, weightsOf } from '../stored-adapter';
import type { BrokenClaim, Provenance } from './protocol';
import { reportOf } from './reports';

const FILES = {
  'run-manifest': 'claims/run-manifest.json',
  'attribution-receipt': 'claims/attribution-receipt.json'
};

type Kind = keyof typeof FILES;

/** @throws NotStoredError where there is no such adapter */
export async function provenanceOf(store: Store, adapter: string, now: Date): Promise<Provenance> {
  const record: ProvenanceRecord = (await store.claims.provenance(adapter)) ?? { adapter };
  const { broken = {}, card } = record;
  const manifest = await textOf(store, record.manifest, broken.manifest);
  const receipt = await textOf(store, record.receipt, broken.receipt);
  const weights = manifest || receipt ? weightsOf(await loadAdapter(store, adapter)) : undefined;
  const options = { now, ...(weights ? { weights: new Blob([weights.bytes]) } : {}) };
  const unreadable: BrokenClaim[] = [];
  const look = async <S extends RunManifest | AttributionReceipt>(
    kind: Kind & S['kind'],
    text: string | undefined,
    beside: readonly Blob[]
  ) => {
    if (text === undefined) return undefined;
    const signed = readAs<S>(text, kind);
    const { checks } = await reportOf(store, canonicalOrText(signed, text), { ...options, beside });
    if (signed) return { cid: statementCid(signed), signed, checks };
    unreadable.push({ file: FILES[kind], checks });
    return undefined;
  };
  const own = manifest === undefined ? [] : [new Blob([manifest])];
  const manifestFound = await look<RunManifest>('run-manifest', manifest, []);
  const receiptFound = await look<AttributionReceipt>('attribution-receipt', receipt, own);
  return {
    ...(manifestFound ? { manifest: manifestFound } : {}),
    ...(receiptFound ? { receipt: receiptFound } : {}),
    ...(unreadable.length > 0 ? { unreadable } : {}),
    ...(card === undefined ? {} : { card })
  };
}

/** A claim as it came: that which is kept among the statements, else the file that could not be believed. */
async function textOf(
  store: Store,
  cid: string | undefined,
  file: string | undefined
): Promise<string | undefined> {
  const record = cid === undefined ? undefined : await store.statements.find(cid);
  return record ? canonicalJson(record.signed) : file;
}

/** A claim whose form is that of its kind, whether it is to be believed or not. */
function readAs<S extends RunManifest | AttributionReceipt>(
  text: string,
  kind: S['kind']
): Signed<S> | undefined {
  try {
    const signed = readForm(JSON.parse(text));
    return isSigned(signed, kind) ? (signed as Signed as Signed<S>) : undefined;
  } catch {
    // What is wrong with it, its checks say.
    return undefined;
  }
}

function canonicalOrText(signed: Signed | undefined, text: string): string | Signed {
  return signed && canonicalJson(signed) === text ? signed : text;
}
