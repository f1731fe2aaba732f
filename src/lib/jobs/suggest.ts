/** Which parameters suit a model and rows: what a person who changes nothing trains with. */
import type { FinetuneOptions } from './options';
import { starterName, starterOptions } from './starter';

/** What is known of a run that is being set up. */
export interface RunSubject {
  readonly model?: {
    readonly name: string;
    /** Width of the residual stream (`hidden_size`). */
    readonly hiddenSize: number;
    /** Parameters in all; 0 where that is not known. */
    readonly parameters: number;
    /** Positions that the model was made for (`max_position_embeddings`); 0 where that is not known. */
    readonly maxLength: number;
  };
  readonly rows?: {
    readonly count: number;
    /** Tokens of the longest row, nothing cut. */
    readonly longest: number;
  };
}

/** A learning rate that is well for a hidden size of 2,000, and how it falls with that. */
const RATE_AT_2000 = 5e-4;
const RATE_POWER = 0.781;
const MAX_RATE = 5e-3;
/** What a batch takes grows with the length: whoever has the memory for longer rows sets it. */
const MAX_LENGTH = 1024;
/** Rows that a step should see, at a time or accumulated. */
const ROWS_A_STEP = 8;

/**
 * Suggests parameters for a model and rows. What is not said stays at its default (`options.ts`).
 *
 * Learning rate: 10 x 5e-5 x (2000 / hidden size)^0.781, the fit of Schulman and Thinking Machines Lab, "LoRA Without
 * Regret" (2025), over Llama models; the starter, measured here at a hidden size of 192, learns best at 4e-3, and the fit
 * says 3.1e-3. Rank does not enter: alpha / rank keeps the step alike. Epochs and batch size are the field's custom.
 * @returns learning rate, epochs, batch size, accumulation and length; for the starter model what its card was measured with
 */
export function suggestOptions({ model, rows }: RunSubject): Partial<FinetuneOptions> {
  const length =
    rows && rows.longest > 0 ? { maxLength: suitingLength(rows.longest, model?.maxLength ?? 0) } : {};
  if (model?.name === starterName) return { ...starterOptions, ...length };
  return {
    ...length,
    ...(model ? { learningRate: suitingRate(model.hiddenSize), ...suitingBatch(model.parameters) } : {}),
    ...(rows ? { epochs: suitingEpochs(rows.count) } : {})
  };
}

/** Two digits of it: more would look like knowledge. */
function suitingRate(hiddenSize: number): number {
  if (hiddenSize <= 0) return RATE_AT_2000;
  return Math.min(MAX_RATE, Number((RATE_AT_2000 * (2000 / hiddenSize) ** RATE_POWER).toPrecision(2)));
}

/** The longest row, whole, as far as the model's positions and a common GPU's memory go; a multiple of 8. */
function suitingLength(longest: number, positions: number): number {
  const most = Math.min(MAX_LENGTH, positions > 0 ? positions - (positions % 8) : MAX_LENGTH);
  return Math.max(8, Math.min(most, Math.ceil(longest / 8) * 8));
}

function suitingBatch(parameters: number): Pick<FinetuneOptions, 'batchSize' | 'gradAccum'> {
  const batchSize = parameters < 0.5e9 ? 8 : parameters < 2e9 ? 4 : 2;
  return { batchSize, gradAccum: ROWS_A_STEP / batchSize };
}

/** Few rows are read more often; of many, once is enough. */
function suitingEpochs(count: number): number {
  return count < 2000 ? 3 : count < 10_000 ? 2 : 1;
}
