/**
 * `npm run attribute -- [flags]`: trains, measures what each row did for the held-out questions, and says how far that can
 * be trusted: every estimator against what is known of the questions, against models trained without somebody and on
 * halves of the rows, against text and against chance; and what attacks on the shares gain.
 */
import { median } from '../lib/datanets/median';
import type { Row } from '../lib/datanets/row';
import { encodeRows } from '../lib/datanets/statistics';
import { momentsPerRun } from '../lib/jobs/moments';
import type { FinetuneOptions } from '../lib/jobs/options';
import { countSteps } from '../lib/jobs/training-steps';
import { numberFlag, textFlag, UsageError, type Flags, type FlagSpec } from './args';
import { measureAttacks, type AttackReport } from './attribute-gaming';
import { plantedTask } from './attribute-planted';
import { reportOf } from './attribute-report';
import {
  measureRun,
  NothingToAttributeError,
  retrainRun,
  type MeasuredRun,
  type RunJob
} from './attribute-run';
import {
  gamingTable,
  markdownTable,
  qualityTable,
  sharesTable,
  terminalTable,
  writeBetween
} from './attribute-tables';
import { finetuneFlags, finetuneOptions, starterNote } from './finetune-flags';
import { count, openModel, openRows, runCommand, withDevice } from './shared';
import { openData, starterDatanet } from './shared-data';

const trainingFlags = finetuneFlags.filter(({ name }) => !['out', 'adapter', 'json'].includes(name));

const flags: readonly FlagSpec[] = [
  ...trainingFlags,
  {
    name: 'queries',
    value: 'FILE.jsonl',
    help: 'Questions with their answers, of which it is asked where they come from. (the held-out rows of the Datanet)'
  },
  {
    name: 'planted',
    value: 'N',
    help: 'Trains on invented facts of N contributors instead (3 to 6), of which it is known who teaches which.'
  },
  { name: 'reworded', help: 'Planted facts are asked for with answers in other words than the rows have.' },
  {
    name: 'checkpoints',
    value: 'N',
    help: `Moments of the run at which gradients are taken. (${momentsPerRun})`
  },
  {
    name: 'leave-out',
    help: 'Trains a model without each contributor, to see whether scores predict what is lost.'
  },
  {
    name: 'retrain',
    value: 'N',
    help: 'Trains N more models, each on half of the rows, to see whether scores predict what they know (LDS). (0)'
  },
  {
    name: 'gaming',
    help: 'Trains once more for each of several attacks on the shares, and says what they gain.'
  },
  {
    name: 'write',
    value: 'FILE.md:NAME',
    help: 'Puts the tables into a file, too, between <!-- attribute:NAME --> and <!-- /attribute:NAME -->.'
  },
  { name: 'json', help: 'Prints all figures as one line of JSON.' }
];

async function run(flags: Flags): Promise<number> {
  const { model: modelPath, rows, queries, options } = await inputsOf(flags);
  const moments = numberFlag(flags, 'checkpoints', { integer: true, min: 1, max: 20 }) ?? momentsPerRun;
  const halves = numberFlag(flags, 'retrain', { integer: true, min: 0, max: 1000 }) ?? 0;
  const leaveOut = flags.has('leave-out');
  const model = await openModel(modelPath);
  const { encoded } = await encodeRows(rows, model.tokenizer, options);
  const steps = countSteps(encoded.length, options);

  return withDevice(async (device) => {
    const started = performance.now();
    const job: RunJob = { device, ...model, options, rows, queries, moments };
    const measured = await measureRun(job);
    const retraining =
      leaveOut || halves > 0 ? await retrainRun(measured, job, { leaveOut, halves }) : undefined;
    const report = await reportOf(measured, options.seed, retraining);
    const attacks: AttackReport[] = [];
    if (flags.has('gaming'))
      await measureAttacks(measured, job, options.seed, (attack) => attacks.push(attack));
    const cost = costOf(measured, countSteps(encoded.length, { ...options, epochs: 1, maxSteps: 0 }));
    const minutes = (performance.now() - started) / 60_000;

    const about = aboutOf(measured, steps, { halves, leaveOut, minutes });
    const tables = [
      ...(flags.has('gaming') ? [] : [qualityTable(report), sharesTable(report)]),
      ...(attacks.length > 0 ? [gamingTable(attacks)] : [])
    ];
    const place = textFlag(flags, 'write');
    if (place !== undefined) {
      const command = `npm run attribute -- ${process.argv.slice(2).join(' ')}`;
      await writeBetween(place, [`\`${command}\``, about, ...tables.map(markdownTable)].join('\n\n'));
    }
    if (flags.has('json')) {
      const sizes = { rows: measured.rows.length, queries: measured.queries.length };
      const { width } = measured.result;
      const made = { ...sizes, checkpoints: measured.moments, width, ...report, attacks, cost };
      process.stdout.write(`${JSON.stringify({ ...made, retrained: halves, leaveOut, minutes })}\n`);
      return 0;
    }
    process.stdout.write(
      `${about}\n\n${tables.map(terminalTable).join('\n\n')}\n\n` +
        `Gradients of all rows take ${(cost.passMilliseconds / 1000).toFixed(1)} s, an epoch of training ${(cost.epochMilliseconds / 1000).toFixed(1)} s: ${cost.ratio.toFixed(2)} times.\n`
    );
    return 0;
  });
}

interface Inputs {
  readonly model: string;
  readonly rows: readonly Row[];
  readonly queries: readonly Row[];
  readonly options: FinetuneOptions;
}

/** Epochs and length that planted facts need on the starter, where no flag says otherwise. */
const plantedDefaults = { epochs: '4', 'max-length': '64' };

/** @throws UsageError, NothingToAttributeError, and what the files throw */
async function inputsOf(flags: Flags): Promise<Inputs> {
  const model = textFlag(flags, 'model') ?? 'starter';
  const dataPath = textFlag(flags, 'data');
  const size = numberFlag(flags, 'planted', { integer: true, min: 3, max: 6 });
  const starter = model === 'starter' && dataPath === undefined;
  if (size !== undefined) {
    const given = ['data', 'queries'].find((name) => flags.has(name));
    if (given) throw new UsageError(`--${given} does not go with --planted, which brings its own.`);
    const options = finetuneOptions(new Map([...Object.entries(plantedDefaults), ...flags]), starter);
    const task = plantedTask({
      ...{ size, reworded: flags.has('reworded'), seed: options.seed },
      // Attacks are measured on what teaches: each of them is a run of its own.
      echoes: !flags.has('gaming'),
      // A system message of our own is shorter than what chat templates put there.
      ...(starter ? {} : { system: 'Answer briefly.' })
    });
    return { model, ...task, options };
  }
  if (dataPath === undefined && !starter) {
    throw new UsageError(
      '--data is missing: give what to train on as --data FILE.jsonl or FILE.datanet. Only the starter model brings its own.'
    );
  }
  const options = finetuneOptions(flags, starter);
  const queryPath = textFlag(flags, 'queries');
  const data = await openData(dataPath ?? starterDatanet, textFlag(flags, 'purpose'));
  const queries = queryPath === undefined ? data.heldOut : await openRows(queryPath);
  if (queries.length === 0) {
    throw new NothingToAttributeError(
      `${dataPath ?? 'The data'} has no held-out rows to ask about. Give some as --queries FILE.jsonl.`
    );
  }
  return { model, rows: data.rows, queries, options };
}

/** What was done, in words. */
function aboutOf(
  { rows, queries, moments }: MeasuredRun,
  steps: number,
  { halves, leaveOut, minutes }: { halves: number; leaveOut: boolean; minutes: number }
): string {
  const at = moments.map(({ step }) => step).join(', ');
  const more = [
    ...(leaveOut ? ['models without each contributor'] : []),
    ...(halves > 0 ? [`${count(halves, 'model')} on halves of the rows`] : [])
  ];
  return (
    `${count(rows.length, 'row')}, ${count(queries.length, 'question')}, gradients after steps ${at} of ${steps}` +
    `${more.map((each) => `, ${each}`).join('')}; ${minutes.toFixed(1)} minutes.`
  );
}

/** What looking at all rows once costs, against training on them once. */
function costOf({ result, steps }: MeasuredRun, stepsPerEpoch: number) {
  const passMilliseconds = median(result.passMilliseconds);
  const epochMilliseconds = median(steps.map(({ milliseconds }) => milliseconds)) * stepsPerEpoch;
  return { passMilliseconds, epochMilliseconds, ratio: passMilliseconds / epochMilliseconds };
}

await runCommand({
  usage:
    'npm run attribute -- [flags]\nTrains, then measures which rows and contributors the answers to held-out questions come from.',
  flags,
  notes:
    'AUC, first: how surely and how often the right contributor has more than all others; AUC paid: the same of what the rules of\n' +
    'shares pay for the question; by source: of each source, as if somebody else had taught it. leave one out, LDS: rank\n' +
    'correlations with what models lose without somebody, and know of halves. agreement: with what shares are made of.\n' +
    starterNote,
  run
});
