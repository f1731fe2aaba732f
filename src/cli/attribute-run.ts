/** A run of `attribute`: trained, looked at, and trained again on parts of its rows. */
import type { LeftOut } from '../lib/attribution/quality/leave-one-out';
import type { Retrained } from '../lib/attribution/quality/lds';
import { Random } from '../lib/datanets/random';
import type { Row } from '../lib/datanets/row';
import { TabtuneError } from '../lib/errors';
import type { Device } from '../lib/gpu/device';
import { finetune } from '../lib/jobs/finetune';
import { measureInfluence, type InfluenceResult } from '../lib/jobs/influence';
import type { InfluenceMoment } from '../lib/jobs/moments';
import type { FinetuneOptions } from '../lib/jobs/options';
import { retrain } from '../lib/jobs/retrain';
import type { StepRecord } from '../lib/jobs/run-record';
import { contributorOf } from './attribute-people';
import { Progress } from './finetune-progress';
import { say, type OpenModel } from './shared';

/** There is nothing to ask, or no run to look at. */
export class NothingToAttributeError extends TabtuneError {}

export interface RunJob extends OpenModel {
  readonly device: Device;
  readonly options: FinetuneOptions;
  readonly rows: readonly Row[];
  readonly queries: readonly Row[];
  /** Moments of the run at which gradients are taken. */
  readonly moments: number;
}

export interface MeasuredRun {
  readonly result: InfluenceResult;
  /** Those that were measured. */
  readonly rows: readonly Row[];
  readonly queries: readonly Row[];
  readonly moments: readonly { readonly step: number; readonly learningRate: number }[];
  readonly steps: readonly StepRecord[];
}

/** @throws NothingToAttributeError where the run diverges, and what training and measuring throw */
export async function measureRun(job: RunJob): Promise<MeasuredRun> {
  const { rows, queries } = job;
  const progress = new Progress(say);
  const moments: (InfluenceMoment & { readonly step: number })[] = [];
  const { record, status } = await finetune({
    ...job,
    onEvent: (event) => {
      if (event.kind === 'moment') moments.push(event);
      progress.show(event);
    }
  });
  if (status === 'diverged') {
    throw new NothingToAttributeError(
      `The run diverged at step ${record.steps.length}. Lower --learning-rate.`
    );
  }
  let phase = '';
  const result = await measureInfluence({
    ...job,
    moments,
    onProgress: (next) => {
      if (next !== phase) say(`Influence: ${next}`);
      phase = next;
    }
  });
  return {
    result,
    rows: result.index.map((i) => rows[i]),
    queries: result.queryIndex.map((i) => queries[i]),
    moments: moments.map(({ step, learningRate }) => ({ step, learningRate })),
    steps: record.steps
  };
}

/** What models did for the questions that were trained without somebody, and on halves of the rows. */
export interface Retraining {
  /** [queries] Of the model with everybody's rows: the negative loss. */
  readonly whole: Float64Array;
  readonly left: readonly LeftOut[];
  readonly halves: readonly Retrained[];
}

/** Purpose of the seed, beside those of `datanets/order.ts`. */
const HALF_STREAM = 13;

/**
 * @param leaveOut whether a model is trained without each contributor
 * @param halves how many are trained on a half of the rows
 */
export async function retrainRun(
  { rows, queries }: MeasuredRun,
  { device, checkpoint, tokenizer, options }: RunJob,
  { leaveOut, halves }: { leaveOut: boolean; halves: number }
): Promise<Retraining> {
  const all = [...rows.keys()];
  const people = leaveOut ? [...new Set(rows.map(contributorOf))] : [];
  const parts = [
    { name: 'With everybody', rows: all },
    ...people.map((name) => ({
      name: `Without ${name}`,
      rows: all.filter((row) => contributorOf(rows[row]) !== name)
    })),
    ...Array.from({ length: halves }, (_, number) => {
      const order = new Random(options.seed, HALF_STREAM, number).shuffle(Uint32Array.from(all));
      const half = [...order.subarray(0, Math.ceil(rows.length / 2))].sort((a, b) => a - b);
      return { name: 'On half of the rows', rows: half };
    })
  ];
  const outputs: Float64Array[] = [];
  let part: string | undefined;
  await retrain({
    ...{ device, checkpoint, tokenizer, options, rows, questions: queries, parts },
    onProgress: (progress) => {
      if (progress.part && progress.part !== part) say(`Model: ${progress.part}`);
      part = progress.part;
    },
    onModel: (_, { questions }) => void outputs.push(questions.map((loss) => -loss))
  });
  const [whole, ...others] = outputs;
  return {
    whole,
    left: people.map((contributor, i) => ({ contributor, outputs: others[i] })),
    halves: parts
      .slice(1 + people.length)
      .map(({ rows }, i) => ({ rows, outputs: others[people.length + i] }))
  };
}
