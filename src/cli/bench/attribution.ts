/** What looking at a run costs, beside training it: the starter model on the starter Datanet. */
import { batches } from '../../lib/datanets/order';
import type { Row } from '../../lib/datanets/row';
import { encodeRows } from '../../lib/datanets/statistics';
import type { Device } from '../../lib/gpu/device';
import type { GradientSketches } from '../../lib/gpu/influence/sketches';
import { BufferStore } from '../../lib/gpu/plan/buffers';
import type { TrainingRow } from '../../lib/gpu/train/batch';
import { Trainer } from '../../lib/gpu/train/trainer';
import { Explainer } from '../../lib/jobs/explain';
import { GradientSession } from '../../lib/jobs/gradient-session';
import { momentsPerRun } from '../../lib/jobs/moments';
import { completeOptions, type FinetuneOptions } from '../../lib/jobs/options';
import { planRun } from '../../lib/jobs/plan-run';
import { traitsOf, uploadBase } from '../../lib/jobs/session';
import { widthFor, type SketchedRun } from '../../lib/jobs/sketched-run';
import { starterOptions } from '../../lib/jobs/starter';
import type { OpenModel } from '../shared';
import { medianOf } from './measure';

/** One kind of work, measured several times: medians. */
export interface Cost {
  readonly milliseconds: number;
  /** Of all threads of this process: says more than the clock where others use the same processor. */
  readonly processorMilliseconds: number;
}

export interface AttributionBenchResult {
  readonly rows: number;
  readonly tokens: number;
  readonly width: number;
  readonly rounds: number;
  /** Training on each row once, and the gradients of each row at one moment. */
  readonly epoch: Cost;
  readonly pass: Cost;
  /** Pass over epoch, of each pair that was measured back to back: medians. */
  readonly ratio: { readonly time: number; readonly processor: number };
  /** An answer against stored rows. */
  readonly answer: {
    readonly rows: number;
    readonly tokens: number;
    readonly moments: number;
    /** Milliseconds of the answer's gradients at all moments, and of comparing them with the rows. */
    readonly gradient: number;
    readonly comparing: number;
    /** What all of it took over one forward and backward pass of the answer. */
    readonly more: number;
  };
}

/** Rows that an answer is compared with. */
const storedRows = 1000;

/**
 * Measures pass and epoch in pairs, the one after the other, since what else the machine does moves both.
 */
export async function measureAttribution(
  device: Device,
  { checkpoint, tokenizer }: OpenModel,
  data: { readonly rows: readonly Row[]; readonly heldOut: readonly Row[] },
  rounds: number
): Promise<AttributionBenchResult> {
  const options = completeOptions(starterOptions);
  const { encoded, statistics } = await encodeRows(data.rows, tokenizer, options);
  const moments = momentsPerRun;
  const { config, ...plan } = planRun(checkpoint.config, options, traitsOf(device), statistics.longest);
  const width = widthFor({ rows: storedRows, layers: config.layers, hidden: config.hidden, moments });
  const values = plan.layout.initial(() => 0.75);
  const store = await uploadBase(device, plan.base, checkpoint, {});
  const session = await GradientSession.open({
    ...{ device, checkpoint, options, width },
    loaded: { store, base: plan.base }
  });
  const memory = new BufferStore(device, store);
  const trainer = await Trainer.create(memory, plan.base, plan.layout, plan.training);
  try {
    trainer.restore({ values });
    const costs: { epoch: Cost; pass: Cost }[] = [];
    let sketches: GradientSketches | undefined;
    // The first round compiles and warms up.
    for (let round = 0; round <= rounds; round++) {
      const epoch = await costOf(() => trainEpoch(trainer, encoded, options));
      const pass = await costOf(async () => {
        sketches = await session.sketch(encoded, { values });
      });
      if (round > 0) costs.push({ epoch, pass });
    }
    const of = (pick: (pair: (typeof costs)[number]) => number) => medianOf(costs.map(pick));
    const cost = (name: 'epoch' | 'pass'): Cost => ({
      milliseconds: of((pair) => pair[name].milliseconds),
      processorMilliseconds: of((pair) => pair[name].processorMilliseconds)
    });
    const explainer = await Explainer.open({
      ...{ device, checkpoint, tokenizer, options },
      sketched: storedRun(sketches!, moments),
      moments: Array.from({ length: moments }, () => ({ values, learningRate: 1e-3 })),
      loaded: { store, base: plan.base }
    });
    const answer = await measureAnswers(explainer, data.heldOut.slice(0, rounds + 1), moments);
    explainer.destroy();
    return {
      rows: encoded.length,
      tokens: statistics.tokens,
      width,
      rounds,
      epoch: cost('epoch'),
      pass: cost('pass'),
      ratio: {
        time: of(({ pass, epoch }) => pass.milliseconds / epoch.milliseconds),
        processor: of(({ pass, epoch }) => pass.processorMilliseconds / epoch.processorMilliseconds)
      },
      answer
    };
  } finally {
    trainer.destroy();
    memory.destroy();
    session.destroy();
    store.destroy();
  }
}

/** Steps over all rows once, as a run makes them. */
async function trainEpoch(
  trainer: Trainer,
  rows: readonly TrainingRow[],
  { seed, batchSize, learningRate, weightDecay, maxGradNorm }: FinetuneOptions
): Promise<void> {
  for (const batch of batches(rows.length, { seed, batchSize, epochs: 1 })) {
    const microBatch = Array.from(batch.rows, (row) => rows[row]);
    await trainer.step([microBatch], { learningRate, weightDecay, maxGradNorm, seed });
  }
}

/** Rows that were measured, over and over, until there are enough: comparing takes as long as with others. */
function storedRun(measured: GradientSketches, moments: number): SketchedRun {
  const repeat = (values: Float32Array) => {
    const size = values.length / measured.rows;
    return Float32Array.from({ length: storedRows * size }, (_, i) => values[i % values.length]);
  };
  const train = {
    ...measured,
    rows: storedRows,
    values: repeat(measured.values),
    squares: repeat(measured.squares),
    representations: repeat(measured.representations)
  };
  return {
    index: Array.from({ length: storedRows }, (_, i) => i),
    moments: Array.from({ length: moments }, () => ({ learningRate: 1e-3, train }))
  };
}

async function measureAnswers(
  explainer: Explainer,
  answers: readonly Row[],
  moments: number
): Promise<AttributionBenchResult['answer']> {
  const costs: { all: number; gradient: number; comparing: number; tokens: number }[] = [];
  for (const [n, answer] of answers.entries()) {
    const started = performance.now();
    const { milliseconds, tokens } = await explainer.explain(answer);
    const all = performance.now() - started;
    // The first one compiles.
    if (n > 0) costs.push({ all, ...milliseconds, tokens: tokens.all });
  }
  const of = (pick: (cost: (typeof costs)[number]) => number) => medianOf(costs.map(pick));
  return {
    rows: storedRows,
    tokens: of(({ tokens }) => tokens),
    moments,
    gradient: of(({ gradient }) => gradient),
    comparing: of(({ comparing }) => comparing),
    more: of(({ all, gradient }) => all - gradient / moments)
  };
}

async function costOf(work: () => Promise<void>): Promise<Cost> {
  const before = process.cpuUsage();
  const started = performance.now();
  await work();
  const milliseconds = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { milliseconds, processorMilliseconds: (user + system) / 1000 };
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;

/** A few lines for people. */
export function attributionReport({
  rows,
  tokens,
  width,
  epoch,
  pass,
  ratio,
  answer
}: AttributionBenchResult): string {
  const lines = [
    ['rows', `${rows}, ${tokens} tokens; sketches of ${width} values a layer`],
    ['epoch', `${seconds(epoch.milliseconds)}, ${seconds(epoch.processorMilliseconds)} of processor`],
    ['pass', `${seconds(pass.milliseconds)}, ${seconds(pass.processorMilliseconds)} of processor`],
    ['ratio', `${ratio.time.toFixed(2)} by the clock, ${ratio.processor.toFixed(2)} by the processor`],
    [
      'answer',
      `${answer.tokens} tokens at ${answer.moments} moments: gradients ${seconds(answer.gradient)}, ` +
        `against ${answer.rows} rows ${seconds(answer.comparing)}; ${seconds(answer.more)} more than one backward pass`
    ]
  ];
  return lines.map(([name, value]) => `${name.padEnd(10)}${value}`).join('\n');
}
