/**
 * `npm run finetune -- [flags]`: fine-tunes an adapter on Dawn and writes it as PEFT reads it, with the record of the
 * run. With no flags: the starter model on the starter's Datanet, with an answer before and after.
 */
import { ROW_WARNINGS, type RowWarning } from '../lib/datanets/answers';
import { encodeRows } from '../lib/datanets/statistics';
import type { Row } from '../lib/datanets/row';
import { StoppedError } from '../lib/errors';
import type { Device } from '../lib/gpu/device';
import type { Adapter } from '../lib/formats/peft';
import { ChatSession } from '../lib/jobs/chat';
import { finetune, type FinetuneEvent, type FinetuneResult } from '../lib/jobs/finetune';
import type { FinetuneOptions } from '../lib/jobs/options';
import { starterQuestion } from '../lib/jobs/starter';
import { suggestOptions, type RunSubject } from '../lib/jobs/suggest';
import { parameterCount, parseDecoderConfig } from '../lib/gpu/model/config';
import { textFlag, UsageError, type Flags } from './args';
import { finetuneFlags, finetuneOptions, starterNote } from './finetune-flags';
import { Progress } from './finetune-progress';
import { count, openAdapter, openModel, runCommand, say, withDevice, type OpenModel } from './shared';
import { checkOutputFolder, writeAdapterFolder } from './shared-adapter-folder';
import { inheritedVersions, openData, starterDatanet } from './shared-data';

/** What a shell reports for a command that ^C ended. */
const interrupted = 130;

async function run(flags: Flags): Promise<number> {
  const modelPath = textFlag(flags, 'model') ?? 'starter';
  const data = textFlag(flags, 'data');
  const out = textFlag(flags, 'out') ?? 'adapter';
  const json = flags.has('json');
  const starter = modelPath === 'starter' && data === undefined;
  if (data === undefined && !starter) {
    throw new UsageError(
      '--data is missing: give what to train on as --data FILE.jsonl or FILE.datanet. Only the starter model brings its own.'
    );
  }
  // Wrong values are told before anything is read; with an adapter to start from, they are looked at again beside it.
  finetuneOptions(flags, starter);
  const replaces = await checkOutputFolder(out);
  const model = await openModel(modelPath);
  const startFrom = textFlag(flags, 'adapter');
  const worn = startFrom === undefined ? undefined : await openAdapter(startFrom, model.checkpoint);
  const adapter = worn?.adapter;
  finetuneOptions(flags, starter, adapter);
  const { rows, heldOut, versions, contributors } = await openData(
    data ?? starterDatanet,
    textFlag(flags, 'purpose')
  );
  // The starter on its own rows has its card's, and nothing of them has to be measured.
  const suggested = starter
    ? {}
    : suggestOptions({ model: subjectOf(model), rows: await measureRows(rows, model) });
  const options = finetuneOptions(flags, starter, adapter, suggested);
  const inherited = await inheritedVersions(startFrom);
  await describeRows(rows, model, options);
  if (replaces) say(`The adapter in ${out} will be replaced when the run is over.`);

  const stop = stopOnSignal();
  return withDevice(async (device) => {
    // The answers are the result where no JSON is wanted.
    const show = (text: string) => (json ? say(text) : process.stdout.write(`${text}\n`));
    if (starter) show(`Before: ${await ask(device, model, options, adapter)}`);
    const progress = new Progress(say);
    const warnings = [...model.notices, ...(worn?.notices ?? [])];
    let result: FinetuneResult;
    try {
      result = await finetune({
        device,
        ...model,
        rows,
        options,
        signal: stop,
        onEvent: (event: FinetuneEvent) => {
          if (event.kind === 'warning') warnings.push(event.message);
          progress.show(event);
        },
        heldOut,
        ...(adapter ? { adapter } : {})
      });
    } catch (error) {
      if (!stop.aborted || error !== stop.reason) throw error;
      say('Stopped before the first step: nothing was written.');
      return interrupted;
    }
    if (result.record.steps.length === 0) {
      say('Stopped before the first step: nothing was written.');
      return interrupted;
    }
    const record = {
      ...result.record,
      config: { ...result.record.config, data: data ?? 'starter', adapter: startFrom ?? null },
      ...(versions.length > 0 ? { datanets: versions } : {}),
      ...(inherited.length > 0 ? { inherited } : {}),
      ...(warnings.length > 0 ? { warnings } : {})
    };
    await writeAdapterFolder(out, result.adapter, record, contributors);
    if (json) process.stdout.write(`${JSON.stringify(record)}\n`);
    else if (starter && result.status === 'done')
      show(`After:  ${await ask(device, model, options, result.adapter)}`);
    return conclude(result, out);
  });
}

function conclude({ status, record: { steps } }: FinetuneResult, out: string): number {
  const last = steps[steps.length - 1];
  switch (status) {
    case 'diverged':
      say(
        `Step ${last.step} diverged: its loss is ${last.loss} and its gradient norm ${last.gradNorm}. ` +
          `The adapter before that step is in ${out}. Lower --learning-rate (${last.learningRate.toExponential(1)} at that step).`
      );
      return 1;
    case 'stopped':
      say(`Stopped after ${count(steps.length, 'step')}. The adapter so far is in ${out}.`);
      return interrupted;
    case 'done':
      say(`Done: ${count(steps.length, 'step')}, loss ${last.loss.toFixed(4)}. The adapter is in ${out}.`);
      return 0;
  }
}

/** What parameters go by, of a model. */
function subjectOf({ checkpoint: { name, config } }: OpenModel): NonNullable<RunSubject['model']> {
  const decoder = parseDecoderConfig(config);
  const { hidden: hiddenSize, maxPositions: maxLength } = decoder;
  return { name, hiddenSize, maxLength, parameters: parameterCount(decoder) };
}

/** How many rows there are, and the tokens of the longest, as far as the model has positions. */
async function measureRows(
  rows: readonly Row[],
  { checkpoint, tokenizer }: OpenModel
): Promise<RunSubject['rows']> {
  const { maxPositions: maxLength } = parseDecoderConfig(checkpoint.config);
  const { statistics } = await encodeRows(rows, tokenizer, { maxLength, trainOn: 'everything' });
  return { count: rows.length, longest: statistics.longest };
}

/** Says what becomes of rows that do not fit or leave nothing to train on. */
async function describeRows(
  rows: readonly Row[],
  { tokenizer }: OpenModel,
  options: FinetuneOptions
): Promise<void> {
  const { statistics, refusals } = await encodeRows(rows, tokenizer, options);
  const { cutRows, cutTokens, untrainable } = statistics;
  const numbers = (list: readonly number[]) =>
    list
      .slice(0, 10)
      .map((i) => i + 1)
      .join(', ') + (list.length > 10 ? ', …' : '');
  say(
    `${count(rows.length, 'row')}, ${count(statistics.tokens, 'token')}, ${statistics.trainedTokens} of them trained on.`
  );
  if (cutRows.length > 0) {
    say(
      `${count(cutRows.length, 'row')} longer than --max-length ${options.maxLength}: the last ${count(cutTokens, 'token')} of them are cut off (rows ${numbers(cutRows)}).`
    );
  }
  if (untrainable.length > 0)
    say(`${count(untrainable.length, 'row')} left out, with nothing to train on: ${numbers(untrainable)}.`);
  for (const [warning, rows] of Object.entries(statistics.warnings)) {
    say(`${ROW_WARNINGS[warning as RowWarning]} (${count(rows.length, 'row')}: ${numbers(rows)})`);
  }
  for (const { row, reason } of refusals.slice(0, 20)) say(`Row ${row + 1} left out: ${reason}`);
  if (refusals.length > 20) say(`${refusals.length - 20} more rows left out for such reasons.`);
}

/** What the model says to a held-out question. */
async function ask(
  device: Device,
  { checkpoint, tokenizer }: OpenModel,
  { method, date }: FinetuneOptions,
  adapter?: Adapter
): Promise<string> {
  const chat = await ChatSession.open({
    device,
    checkpoint,
    tokenizer,
    quant: method === 'qlora' ? 'nf4' : 'none',
    context: 128,
    date,
    ...(adapter ? { adapter } : {})
  });
  try {
    let answer = '';
    const options = { maxNewTokens: 48, temperature: 0, topP: 1, seed: 0, adapter: adapter !== undefined };
    for await (const part of chat.reply([{ role: 'user', content: starterQuestion }], options))
      answer = part.text;
    return `${starterQuestion} → ${answer.trim()}`;
  } finally {
    await chat.destroy();
  }
}

/** Aborted by the first ^C; a second one, told apart from a forwarded copy by its time, ends the process. */
function stopOnSignal(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const onSignal = () => {
    if (first > 0 && performance.now() - first > 500) process.exit(interrupted);
    if (first > 0) return;
    first = performance.now();
    say('Stopping after the running step …');
    controller.abort(new StoppedError());
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return controller.signal;
}

await runCommand({
  usage:
    'npm run finetune -- [flags]\nFine-tunes an adapter and writes adapter_config.json, adapter_model.safetensors, run.json and a model card (README.md).\nCtrl-C stops after the running step and still writes them; a second one ends at once.',
  flags: finetuneFlags,
  notes: starterNote,
  run
});
