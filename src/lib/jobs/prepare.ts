import type { Row } from '../datanets/row';
import { encodeRows, type EncodedRows } from '../datanets/statistics';
import type { Checkpoint } from '../formats/checkpoint';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import { parseDecoderConfig } from '../gpu/model/config';
import { checkpointAbsmaxForm } from '../gpu/model/load';
import { checkFits } from './fit';
import type { FinetuneOptions } from './options';
import { planRun, type RunPlan } from './plan-run';
import { traitsOf } from './session';

export interface RunInputs {
  readonly device: Device;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: ChatTokenizer;
  readonly options: FinetuneOptions;
  /** Trained on. */
  readonly rows: readonly Row[];
  /** Rows that are only measured; absent for none. */
  readonly questions?: readonly Row[];
  readonly signal?: AbortSignal;
}

export interface PreparedRun {
  readonly rows: EncodedRows;
  readonly questions: Pick<EncodedRows, 'encoded' | 'index'>;
  readonly plan: RunPlan;
}

/**
 * Encodes what a run trains on and what it measures, and plans it for the longest of both. Nothing is put on the GPU.
 * @throws NothingToTrainError, UnsupportedModelError, AdapterFitError, the abort reason, and what the files throw
 */
export async function prepareRun(inputs: RunInputs): Promise<PreparedRun> {
  const { device, checkpoint, tokenizer, options, signal } = inputs;
  const { maxLength, trainOn, date } = options;
  const encode = (rows: readonly Row[]) =>
    encodeRows(rows, tokenizer, { maxLength, trainOn, date, ...(signal ? { signal } : {}) });
  const rows = await encode(inputs.rows);
  const questions = inputs.questions ? await encode(inputs.questions) : { encoded: [], index: [] };
  const traits = traitsOf(device);
  const longest = questions.encoded.reduce(
    (most, { tokens }) => Math.max(most, tokens.length),
    rows.statistics.longest
  );
  const form = await checkpointAbsmaxForm(checkpoint, parseDecoderConfig(checkpoint.config), signal);
  const plan = planRun(checkpoint.config, options, traits, longest, form);
  checkFits(checkpoint.config, options, plan, traits, longest);
  return { rows, questions, plan };
}
