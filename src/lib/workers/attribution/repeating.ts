/** Repeats a run from what its manifest says, and tells whether the same came of it. */
import { SHARE_RULES } from '../../attribution/shares';
import { rowsSha256 } from '../../datanets/canonical';
import { statementCid } from '../../datanets/trust/sign';
import type { AttributionReceipt, RunManifest } from '../../datanets/trust/statements';
import { StoppedError } from '../../errors';
import type { Device } from '../../gpu/device';
import type { FinetuneResult } from '../../jobs/finetune';
import { sketchSeed } from '../../jobs/gradient-session';
import { estimators, type Estimator, type InfluenceMoment } from '../../jobs/influence';
import { adapterTolerance, compareAdapters } from '../../jobs/repeat';
import type { SavedState } from '../gpu-jobs';
import { adapterSha256, loadAdapter } from '../stored-adapter';
import { tellInfluence } from './measuring';
import { peopleRows, peopleShares, takenScores, type PersonShare } from './people';
import type { RepeatReport, RepeatRequest, RepeatVerdict } from './protocol';
import { repeatInputs, type RepeatInputs } from './repeat-inputs';
import { onDevice, tellPhase, type AttributionTask } from './task';

/**
 * How far a share may be from the claimed one. Between lavapipe and SwiftShader none of the starter's is further apart than
 * 3e-7 after 33 steps, by any estimator; another seed moves one by 0.05.
 */
export const shareTolerance = 0.01;

/** Claims count shares in millionths. */
const WHOLE = 1_000_000;

interface Repeated {
  readonly result: FinetuneResult;
  readonly moments: readonly (InfluenceMoment & { readonly step: number })[];
}

/**
 * Inputs that are not what the manifest says are told, and nothing is trained: what came of it would say nothing.
 * @throws the abort reason, and what training and measuring throw
 */
export async function repeatRun(task: AttributionTask, request: RepeatRequest): Promise<RepeatReport> {
  const manifest = request.manifest.statement;
  const inputs = await repeatInputs(task, request);
  if ('missing' in inputs) {
    const sha256 = { claimed: manifest.adapter.sha256, found: '' };
    const adapter = { verdict: 'unknown' as const, tolerance: adapterTolerance, sha256, tensors: [] };
    return { adapter, inputs: inputs.missing };
  }
  const repeated = await train(task, manifest, inputs);
  const odd: string[] = [];
  const adapter = await adapterReport(task, request, repeated.result, odd);
  const shares = request.receipt && (await sharesReport(task, request, inputs, repeated, odd));
  return { adapter, ...(shares ? { shares } : {}), inputs: odd };
}

async function train(
  task: AttributionTask,
  manifest: RunManifest,
  { checkpoint, tokenizer, options, data, adapter }: RepeatInputs
): Promise<Repeated> {
  const { jobs, signal } = task;
  // By step: what comes after the last saved state comes once more where the GPU is lost.
  const moments = new Map<number, Repeated['moments'][number]>();
  let saved: SavedState | undefined;
  let furthest = 0;
  const enough = new AbortController();
  const repeat = (device: Device) =>
    jobs.finetune({
      ...{ device, checkpoint, tokenizer, options },
      rows: data.rows,
      // The run was planned for the longest of both.
      heldOut: data.heldOut,
      ...(adapter ? { adapter } : {}),
      ...(saved ? { resume: saved } : {}),
      signal: AbortSignal.any([signal, enough.signal]),
      pause: () => undefined,
      onEvent: (event) => {
        if (event.kind === 'phase') tellPhase(task, event.phase, event.done, event.total);
        if (event.kind === 'checkpoint') saved = event.state;
        if (event.kind === 'moment') moments.set(event.step, event);
        if (event.kind !== 'step') return;
        furthest = Math.max(furthest, event.step);
        const { step, steps, secondsLeft } = event;
        const left = Math.max(0, manifest.steps - step) / Math.max(1, steps - step);
        task.tell({ phase: 'training', done: step, total: manifest.steps, secondsLeft: secondsLeft * left });
        // A run that was stopped is repeated as far as it went.
        if (step === manifest.steps && step < steps)
          enough.abort(new StoppedError('The run took no more steps.'));
      }
    });
  const result = await onDevice(task, repeat, {
    progress: () => furthest,
    again: () => (saved ? `Going on from step ${saved.step}` : 'Beginning this part again')
  });
  signal.throwIfAborted();
  return { result, moments: [...moments.values()] };
}

async function adapterReport(
  { store }: AttributionTask,
  { manifest, adapter: id }: RepeatRequest,
  { adapter: made, record }: FinetuneResult,
  odd: string[]
): Promise<RepeatReport['adapter']> {
  const sha256 = { claimed: manifest.statement.adapter.sha256, found: record.sha256.adapter };
  const about = { tolerance: adapterTolerance, sha256 };
  if (sha256.claimed === sha256.found) return { ...about, verdict: 'equal', difference: 0, tensors: [] };
  if (id === undefined) {
    odd.push(
      'The claimed adapter is not in this browser, so that its values could not be compared. Import it.'
    );
    return { ...about, verdict: 'unknown', tensors: [] };
  }
  if ((await adapterSha256(store, id)) !== sha256.claimed) {
    odd.push('The chosen adapter is not the claimed one: it has another SHA-256.');
    return { ...about, verdict: 'unknown', tensors: [] };
  }
  const { difference, tensors } = compareAdapters(await loadAdapter(store, id), made);
  return {
    ...about,
    verdict: difference <= adapterTolerance ? 'agrees' : 'differs',
    difference,
    tensors: [...tensors]
  };
}

async function sharesReport(
  task: AttributionTask,
  { manifest, receipt }: RepeatRequest,
  inputs: RepeatInputs,
  { moments }: Repeated,
  odd: string[]
): Promise<NonNullable<RepeatReport['shares']>> {
  const { jobs, signal } = task;
  const { checkpoint, tokenizer, options, data } = inputs;
  const claim = receipt!.statement;
  const before = odd.length;
  odd.push(...methodProblems(claim, moments));
  if (claim.manifest !== statementCid(manifest)) odd.push('The receipt is of another manifest.');
  if (claim.adapter !== manifest.statement.adapter.sha256) odd.push('The receipt is of another adapter.');
  const nothing = { verdict: 'unknown' as const, tolerance: shareTolerance, contributors: [] };
  if (data.heldOut.length === 0) odd.push('The run held no rows out, and the receipt says that it did.');
  // Shares of another method, or of nothing, could not be compared.
  if (odd.length > before) return nothing;
  const measured = await onDevice(task, (device) =>
    jobs.measure({
      ...{ device, checkpoint, tokenizer, options, moments, signal },
      rows: data.contributed,
      queries: data.heldOut,
      onProgress: tellInfluence(task)
    })
  );
  const asked = measured.queryIndex.map((i) => data.heldOut[i]);
  if (rowsSha256(asked).sha256 !== claim.method.questions.sha256) {
    odd.push('The questions are not those of the receipt: they have another SHA-256.');
    return nothing;
  }
  if (measured.width !== claim.method.sketch.width) {
    odd.push(
      `The receipt was measured with sketches of ${claim.method.sketch.width} values a layer, here they have ${measured.width}.`
    );
    return nothing;
  }
  const people = await peopleRows(data, measured.index, { signal });
  const scores = takenScores(measured.estimators[claim.method.estimator as Estimator].scores, people);
  return compareShares(claim, peopleShares(scores, people));
}

/** Where a receipt was made in another way than this version of Tabtune makes them. */
function methodProblems({ method }: AttributionReceipt, moments: Repeated['moments']): string[] {
  const steps = moments.map(({ step }) => step).join(', ');
  return [
    ...((estimators as readonly string[]).includes(method.estimator)
      ? []
      : [`The receipt's estimator, ${method.estimator}, is not known here.`]),
    ...(method.rules === SHARE_RULES
      ? []
      : [`The receipt follows rules of shares that are not known here (${method.rules}).`]),
    ...(method.sketch.seed === sketchSeed ? [] : ['The receipt was measured with sketches of another seed.']),
    ...(method.moments.join(', ') === steps
      ? []
      : [
          `The receipt looks at the run after steps ${method.moments.join(', ')}, the repetition after ${steps}.`
        ])
  ];
}

/** Claimed shares against found ones, those that differ most first. */
export function compareShares(
  { shares }: Pick<AttributionReceipt, 'shares'>,
  found: readonly Pick<PersonShare, 'contributor' | 'name' | 'share'>[]
): NonNullable<RepeatReport['shares']> {
  const people = new Map(
    shares.map(({ id, name, share }) => [id, { id, name, claimed: share / WHOLE, found: 0 }])
  );
  for (const { contributor: id, name, share } of found) {
    people.set(id, { id, name, claimed: 0, ...people.get(id), found: share });
  }
  const apart = ({ claimed, found }: { claimed: number; found: number }) => Math.abs(claimed - found);
  const contributors = [...people.values()].sort((a, b) => apart(b) - apart(a));
  const most = contributors.length > 0 ? apart(contributors[0]) : 0;
  // Claims round to millionths.
  const verdict: RepeatVerdict = most <= 1 / WHOLE ? 'equal' : most <= shareTolerance ? 'agrees' : 'differs';
  return { verdict, tolerance: shareTolerance, contributors };
}
