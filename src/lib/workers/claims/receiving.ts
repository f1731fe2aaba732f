/** What claims about models, and their ends, do when they are opened. */
import { isSigned, statementCid } from '../../datanets/trust/sign';
import type { AttributionReceipt, Retraction, RunManifest } from '../../datanets/trust/claims';
import type { Signed } from '../../datanets/trust/statements';
import { named, statementRecord } from '../datanets/exchange-lookup';
import { NotForHereError, type Effect, type Hall } from '../datanets/receiving-hall';
import { keepClaim, retractionOf } from './desk';
import { adaptersByHash } from './summaries';

type Received = RunManifest | AttributionReceipt | Retraction;

/** Whether it is one of those that are taken in here. */
export function isAboutModel(signed: Signed): signed is Signed<Received> {
  return (
    isSigned(signed, 'run-manifest') ||
    isSigned(signed, 'attribution-receipt') ||
    isSigned(signed, 'retraction')
  );
}

/** @throws NotForHereError */
export function receiveClaim(hall: Hall, signed: Signed<Received>): Promise<Effect> {
  if (isSigned(signed, 'retraction')) return receiveRetraction(hall, signed);
  return receiveModelClaim(hall, signed as Signed<RunManifest | AttributionReceipt>);
}

async function receiveModelClaim(
  { store, now }: Hall,
  signed: Signed<RunManifest | AttributionReceipt>
): Promise<Effect> {
  const { statement } = signed;
  const { by, expires } = statement;
  if (expires !== undefined && !(now.getTime() < Date.parse(expires))) {
    throw new NotForHereError(`This claim is over. Ask ${named(by.name)} for a new one.`);
  }
  if (await retractionOf(store, { cid: statementCid(signed), signed })) {
    throw new NotForHereError(`${named(by.name)} has taken this claim back.`);
  }
  const manifest = statement.kind === 'run-manifest';
  const sha256 = manifest ? statement.adapter.sha256 : statement.adapter;
  const adapter = (await adaptersByHash(store)).get(sha256);
  const what = manifest
    ? `how ${named(statement.name)} was made`
    : `whose rows made the adapter ${sha256.slice(0, 8)}…`;
  // What an adapter came with stays: this is one more word about it.
  const provenance = adapter === undefined ? undefined : await store.claims.provenance(adapter);
  const first = adapter !== undefined && provenance?.[manifest ? 'manifest' : 'receipt'] === undefined;
  return {
    effect: `Keeps what ${named(by.name)} says of ${what}, under Claims.${adapter === undefined ? '' : ' The adapter is in this browser.'}`,
    apply: async () => {
      await keepClaim(store, signed, first ? { adapter } : undefined);
      return '';
    }
  };
}

async function receiveRetraction({ store }: Hall, signed: Signed<Retraction>): Promise<Effect> {
  const { claim, by } = signed.statement;
  const record = await store.statements.find(claim);
  if (record && record.signed.statement.by.id !== by.id) {
    throw new NotForHereError(
      `${named(by.name)} takes back a claim that ${named(record.signed.statement.by.name)} made. Only who made it can.`
    );
  }
  if (record && (await retractionOf(store, record))) {
    throw new NotForHereError('This claim was taken back before.');
  }
  return {
    effect: record
      ? `Ends the claim of ${named(by.name)} that was kept here.`
      : `Keeps that ${named(by.name)} takes a claim back, in case it comes here.`,
    apply: async () => {
      await store.statements.add(statementRecord(signed));
      return '';
    }
  };
}
