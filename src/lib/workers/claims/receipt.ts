/** Whose rows made an adapter, from what was measured of its run. */
import { MerkleTree } from '../../datanets/content/merkle';
import type { AttributionReceipt, AttributionTrust, SignedShare } from '../../datanets/trust/claims';
import { SHARE_RULES } from '../../attribution/shares';
import { shownText } from '../../datanets/one-line';
import type { Attribution } from '../attribution/protocol';
import { requireStatement } from '../datanets/exchange-lookup';
import { CannotSignError, type Desk, type Made } from '../datanets/signing-desk';
import { common } from '../datanets/signing-statements';
import { adapterSha256 } from '../stored-adapter';
import { keepClaim, requireLater, retractionOf } from './desk';
import { runOf } from './manifest';
import { millionthsOf, thousandths, WHOLE } from './millionths';
import { walletsOf } from './people';
import type { ClaimRequest } from './protocol';

type Request = Extract<ClaimRequest, { kind: 'attribution-receipt' }>;

/** Below this rank correlation two estimators tell different stories. */
const LOW_AGREEMENT = 0.5;

/** @throws CannotSignError, NotStoredError, the abort reason */
export async function makeReceipt(desk: Desk, { adapter: id, expires }: Request): Promise<Made> {
  const { store, now } = desk;
  requireLater(expires, now);
  const adapter = await store.adapter(id);
  const run = await runOf(store, adapter);
  const measured = await store.attribution.result<Attribution>(run.id);
  if (!measured) {
    throw new CannotSignError(
      'Whose rows made this adapter was not measured yet. Measure it first, under “Who made this”.',
      { details: { adapter: id, run: run.id } }
    );
  }
  const sha256 = await adapterSha256(store, id);
  const manifest = await manifestOf(desk, id, sha256);
  const shares = await sharesOf(desk, measured);
  const receipt: AttributionReceipt = {
    kind: 'attribution-receipt',
    ...common(desk),
    manifest,
    adapter: sha256,
    method: {
      estimator: measured.estimator,
      moments: measured.moments.map(({ step }) => step),
      sketch: { width: measured.sketch.width, seed: measured.sketch.seed },
      questions: { count: measured.questions.count, sha256: measured.questions.sha256 },
      rules: requireRules(measured)
    },
    shares,
    sharesRoot: (await MerkleTree.ofShares(shares)).root,
    trust: trustOf(measured),
    ...(expires === undefined ? {} : { expires })
  };
  return {
    statement: receipt,
    warnings: warningsOf(receipt, measured),
    name: adapter.name,
    finish: (signed) => keepClaim(store, signed, { adapter: id })
  };
}

/** Shares by other rules than today's could not be told by their number, nor made again. @throws CannotSignError */
function requireRules({ rules }: Attribution): number {
  if (rules === SHARE_RULES) return rules;
  throw new CannotSignError(
    'These shares were measured by rules that this version of Tabtune does not follow any more. Measure them again, under “Who made this”.',
    { details: { measured: rules, now: SHARE_RULES } }
  );
}

/** CID of the newest manifest of an adapter that this person signed and did not take back. @throws CannotSignError */
async function manifestOf({ store, identity }: Desk, adapter: string, sha256: string): Promise<string> {
  const cid = (await store.claims.provenance(adapter))?.manifest;
  if (cid === undefined) {
    throw new CannotSignError(
      'A receipt names the manifest of the run. Sign first how the adapter was made.',
      { details: { adapter } }
    );
  }
  const { signed } = await requireStatement(store, cid, 'run-manifest');
  if (signed.statement.adapter.sha256 !== sha256 || signed.statement.by.id !== identity.person.id) {
    throw new CannotSignError(
      'The manifest that is kept for this adapter is of another adapter, or by somebody else. Sign anew how it was made.',
      { details: { adapter, manifest: cid } }
    );
  }
  if (await retractionOf(store, { cid, signed })) {
    throw new CannotSignError('The manifest of this adapter was taken back. Sign anew how it was made.', {
      details: { adapter, manifest: cid }
    });
  }
  return cid;
}

async function sharesOf({ store }: Desk, { contributors }: Attribution): Promise<SignedShare[]> {
  if (contributors.some(({ id }) => id === '')) {
    throw new CannotSignError(
      'Some rows of this run do not say whose they are, so that their share cannot be anybody’s. Train on a Datanet, whose rows have contributors.'
    );
  }
  const wallets = await walletsOf(
    store,
    contributors.map(({ id }) => id)
  );
  const millionths = millionthsOf(contributors.map(({ share }) => share));
  const bound = (value: number) => Math.min(WHOLE, Math.max(0, Math.round(value * WHOLE)));
  return contributors.map(({ id, name, rows, low, high }, i) => ({
    ...{ id, name: shownText(name, 200), rows, share: millionths[i], low: bound(low), high: bound(high) },
    ...(wallets[id] ? { wallet: wallets[id] } : {})
  }));
}

function trustOf({ estimator, estimators, retraining }: Attribution): AttributionTrust {
  const agreement = Object.fromEntries(
    estimators
      .filter(({ name, agreement }) => name !== estimator && Number.isFinite(agreement))
      .map(({ name, agreement }) => [name, thousandths(agreement)])
  );
  const scores = retraining?.scores.find(({ name }) => name === estimator);
  return {
    agreement,
    ...(retraining && scores?.lds !== undefined && Number.isFinite(scores.lds) && retraining.models > 0
      ? { lds: { score: thousandths(scores.lds), models: retraining.models } }
      : {}),
    ...(retraining &&
    scores?.leaveOneOut !== undefined &&
    Number.isFinite(scores.leaveOneOut) &&
    retraining.leaveOneOut.length > 1
      ? {
          leaveOneOut: {
            correlation: thousandths(scores.leaveOneOut),
            contributors: retraining.leaveOneOut.length
          }
        }
      : {})
  };
}

function warningsOf({ shares, trust }: AttributionReceipt, { estimators, estimator }: Attribution): string[] {
  const warnings: string[] = [];
  if (shares.every(({ share }) => share === 0)) {
    warnings.push(
      'No row was found to help: everybody has a share of zero, and nobody can be paid by this receipt.'
    );
  }
  const nameless = shares.filter(({ name }) => name === '').length;
  if (nameless > 0) warnings.push(`${countOf(nameless)} no name: they are known by their id alone.`);
  const walletless = shares.filter(({ wallet, share }) => wallet === undefined && share > 0).length;
  if (walletless > 0) {
    warnings.push(
      `${countOf(walletless)} no known wallet: the receipt alone does not say where to pay them.`
    );
  }
  if (!trust.lds && !trust.leaveOneOut) {
    warnings.push('The shares were not compared with retraining: only other estimators speak for them.');
  }
  const others = estimators.filter(({ name }) => name !== estimator);
  if (shares.length > 2 && others.some(({ agreement }) => agreement < LOW_AGREEMENT)) {
    warnings.push('Estimators do not agree on whose rows made it: see their correlations before you sign.');
  }
  return warnings;
}

function countOf(contributors: number): string {
  return contributors === 1 ? 'One contributor has' : `${contributors} contributors have`;
}
