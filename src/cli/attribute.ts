/**
 * `npm run attribute -- [flags]`: trains, measures what each row did for the held-out questions, and says how far that can
 * be trusted: every estimator against what is known of the questions, against text similarity and against chance.
 */
import type { Retrained } from '../lib/attribution/quality/lds';
import { Random } from '../lib/datanets/random';
import type { Row } from '../lib/datanets/row';
import { encodeRows } from '../lib/datanets/statistics';
import { TabtuneError } from '../lib/errors';
import type { Device } from '../lib/gpu/device';
import { countSteps, finetune, type TrainingState } from '../lib/jobs/finetune';
import { measureInfluence, momentsOf } from '../lib/jobs/influence';
import type { FinetuneOptions } from '../lib/jobs/options';
import type { StepRecord } from '../lib/jobs/run-record';
import { scoreRows } from '../lib/jobs/score';
import { numberFlag, textFlag, UsageError, type Flags, type FlagSpec } from './args';
import { reportOf, tablesOf } from './attribute-report';
import { finetuneFlags, finetuneOptions, starterNote } from './finetune-flags';
import { Progress } from './finetune-progress';
import { count, openModel, openRows, runCommand, say, withDevice, type OpenModel } from './shared';
import { openData, starterDatanet } from './shared-data';

/** There is nothing to ask, or no run to look at. */
export class NothingToAttributeError extends TabtuneError {}

const trainingFlags = finetuneFlags.filter(({ name }) => !['out', 'adapter', 'json'].includes(name));

const flags: readonly FlagSpec[] = [
  ...trainingFlags,
  {
    name: 'queries',
    value: 'FILE.jsonl',
    help: 'Questions with their answers, of which it is asked where they come from. (the held-out rows of the Datanet)'
  },
  { name: 'checkpoints', value: 'N', help: 'Moments of the run at which gradients are taken. (3)' },
  {
    name: 'retrain',
    value: 'N',
    help: 'Trains N more models, each on half of the rows, to see whether scores predict what they know (LDS). (0)'
  },
  { name: 'json', help: 'Prints all figures as one line of JSON.' }
];

async function run(flags: Flags): Promise<number> {
  const modelPath = textFlag(flags, 'model') ?? 'starter';
  const dataPath = textFlag(flags, 'data');
  const starter = modelPath === 'starter' && dataPath === undefined;
  if (dataPath === undefined && !starter) {
    throw new UsageError(
      '--data is missing: give what to train on as --data FILE.jsonl or FILE.datanet. Only the starter model brings its own.'
    );
  }
  const options = finetuneOptions(flags, starter);
  const checkpoints = numberFlag(flags, 'checkpoints', { integer: true, min: 1, max: 20 }) ?? 3;
  const retrain = numberFlag(flags, 'retrain', { integer: true, min: 0, max: 1000 }) ?? 0;
  const queryPath = textFlag(flags, 'queries');
  const model = await openModel(modelPath);
  const data = await openData(dataPath ?? starterDatanet, textFlag(flags, 'purpose'));
  const queries = queryPath === undefined ? data.heldOut : await openRows(queryPath);
  if (queries.length === 0) {
    throw new NothingToAttributeError(
      `${dataPath ?? 'The data'} has no held-out rows to ask about. Give some as --queries FILE.jsonl.`
    );
  }
  const { encoded } = await encodeRows(data.rows, model.tokenizer, options);
  const steps = countSteps(encoded.length, options);

  return withDevice(async (device) => {
    const { states, records } = await train(
      device,
      model,
      data.rows,
      options,
      Math.ceil(steps / (checkpoints + 1))
    );
    if (states.length === 0) {
      throw new NothingToAttributeError(
        `A run of ${count(steps, 'step')} has no moment to look at before its end. Train for more, with --epochs or --max-steps.`
      );
    }
    let phase = '';
    const moments = momentsOf(states);
    const result = await measureInfluence({
      device,
      ...model,
      options,
      rows: data.rows,
      queries,
      moments,
      onProgress: (next) => {
        if (next !== phase) say(`Influence: ${next}`);
        phase = next;
      }
    });
    const rows = result.index.map((i) => data.rows[i]);
    const asked = result.queryIndex.map((i) => queries[i]);
    const models: Retrained[] = [];
    for (let i = 0; i < retrain; i++) {
      say(`Model ${i + 1} of ${retrain}, on half of the rows`);
      models.push(await trainOnHalf(device, model, rows, asked, options, i));
    }
    const report = await reportOf({ result, rows, queries: asked, seed: options.seed, models });
    const cost = costOf(
      result.passMilliseconds,
      records,
      countSteps(encoded.length, { ...options, epochs: 1, maxSteps: 0 })
    );
    if (flags.has('json')) {
      const moment = ({ iteration }: Kept, i: number) => ({
        step: iteration,
        learningRate: moments[i].learningRate
      });
      const about = { rows: rows.length, queries: asked.length, checkpoints: states.map(moment) };
      process.stdout.write(
        `${JSON.stringify({ ...about, width: result.width, ...report, cost, retrained: retrain })}\n`
      );
      return 0;
    }
    process.stdout.write(
      `${count(rows.length, 'row')}, ${count(asked.length, 'question')}, after steps ${states.map(({ iteration }) => iteration).join(', ')} of ${steps}.\n\n` +
        `${tablesOf(report)}\n` +
        `Gradients of all rows take ${(cost.passMilliseconds / 1000).toFixed(1)} s, an epoch of training ${(cost.epochMilliseconds / 1000).toFixed(1)} s: ${cost.ratio.toFixed(2)} times.\n`
    );
    return 0;
  });
}

/** A checkpoint without the optimizer's moments, which take twice the adapter's memory. */
type Kept = Pick<TrainingState, 'iteration' | 'values' | 'steps'>;

/** Trains and keeps what the run was at its checkpoints. */
async function train(
  device: Device,
  model: OpenModel,
  rows: readonly Row[],
  options: FinetuneOptions,
  checkpointEvery: number
): Promise<{ states: Kept[]; records: readonly StepRecord[] }> {
  const progress = new Progress(say);
  const states: Kept[] = [];
  const { record, status } = await finetune({
    device,
    ...model,
    rows,
    options,
    checkpointEvery,
    onEvent: (event) => {
      if (event.kind === 'checkpoint') {
        const { iteration, values, steps } = event.state;
        states.push({ iteration, values, steps });
      }
      progress.show(event);
    }
  });
  if (status === 'diverged') {
    throw new NothingToAttributeError(
      `The run diverged at step ${record.steps.length}. Lower --learning-rate.`
    );
  }
  return { states, records: record.steps };
}

/** Purpose of the seed, beside those of `datanets/order.ts`. */
const HALF_STREAM = 13;

async function trainOnHalf(
  device: Device,
  model: OpenModel,
  rows: readonly Row[],
  queries: readonly Row[],
  options: FinetuneOptions,
  number: number
): Promise<Retrained> {
  const order = new Random(options.seed, HALF_STREAM, number).shuffle(Uint32Array.from(rows, (_, i) => i));
  const half = [...order.subarray(0, Math.ceil(rows.length / 2))].sort((a, b) => a - b);
  const { adapter } = await finetune({ device, ...model, rows: half.map((i) => rows[i]), options });
  const { maxLength, method } = options;
  const quant = method === 'qlora' ? 'nf4' : 'none';
  const scored = await scoreRows({ device, ...model, adapter, rows: queries, maxLength, quant });
  // A question that cannot be scored has the same output of every model, and no say.
  const outputs = new Float64Array(queries.length);
  for (const { row, meanNll } of scored.rows) outputs[row] = -meanNll;
  return { rows: half, outputs };
}

/** What looking at all rows once costs, against training on them once. */
function costOf(passes: readonly number[], steps: readonly StepRecord[], stepsPerEpoch: number) {
  const passMilliseconds = median(passes);
  const epochMilliseconds = median(steps.map(({ milliseconds }) => milliseconds)) * stepsPerEpoch;
  return { passMilliseconds, epochMilliseconds, ratio: passMilliseconds / epochMilliseconds };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

await runCommand({
  usage:
    'npm run attribute -- [flags]\nTrains, then measures which rows and contributors the answers to held-out questions come from.',
  flags,
  notes:
    'AUC, first: how surely and how often the right contributor has more than all others; by source: the same of each\n' +
    'source, as if somebody else had taught it. agreement: with cosine, of which the shares are made.\n' +
    starterNote,
  run
});
