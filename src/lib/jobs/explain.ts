import { encodeRow, type EncodedRow } from '../datanets/encode';
import { isChatRow, type Row } from '../datanets/row';
import { TabtuneError } from '../errors';
import type { Checkpoint } from '../formats/checkpoint';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import type { TrainingRow } from '../gpu/train/batch';
import { checkMoments, GradientSession, type LoadedBase } from './gradient-session';
import { Comparison, defaultEstimator, type Estimator } from './influence-scores';
import type { InfluenceMoment } from './moments';
import type { FinetuneOptions } from './options';
import type { SketchedRun } from './sketched-run';

/** There is no answer at the end of what is to be explained. */
export class NoAnswerError extends TabtuneError {}

export interface ExplainerOptions {
  readonly device: Device;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: ChatTokenizer;
  /** Of the run. */
  readonly options: FinetuneOptions;
  /** Of the run, in its order. */
  readonly moments: readonly InfluenceMoment[];
  /** Its rows at these moments, of `sketchRows` or `keptSketches`. */
  readonly sketched: SketchedRun;
  /**
   * The base of an open chat, which then serves both (`ChatSession.loaded`). Taken where its weights are stored as the run's
   * are. The chat must not be destroyed before the explainer.
   */
  readonly loaded?: LoadedBase;
  readonly signal?: AbortSignal;
  /** Layers of the base that are on the GPU, of how many. Not called where it is there already. */
  onProgress?(done: number, total: number): void;
}

export interface Explanation {
  /** Positions of the compared rows among the run's. */
  readonly index: readonly number[];
  /** For each of them, in units of the estimator: positive where training on the row made the answer likelier. */
  readonly scores: Float64Array;
  /** What each moment adds to `scores`. */
  readonly moments: readonly Float64Array[];
  /** Tokens of the answer that were looked at, and of what they were read in. */
  readonly tokens: { readonly answer: number; readonly all: number };
  /** `gradient`: the answer's, at all moments, on the GPU. `comparing`: with all rows, on the processor. */
  readonly milliseconds: { readonly gradient: number; readonly comparing: number };
}

/** Sizes for which GPU programs are made, in tokens: a conversation takes the next larger one. */
const leastLength = 64;

/** Longest conversation that is looked at, in tokens; of a longer one the end. */
const mostLength = 1024;

/**
 * Tells which rows of a run made an answer: the answer's gradient at each moment of the run, against the rows' sketches.
 * Base and programs stay on the GPU, and the sketches in memory (64 MiB at most), between questions.
 */
export class Explainer {
  readonly #options: ExplainerOptions;
  readonly #session: GradientSession;

  private constructor(options: ExplainerOptions, session: GradientSession) {
    this.#options = options;
    this.#session = session;
  }

  /**
   * @throws InfluenceMomentError, UnsupportedModelError, AdapterFitError, WrongNumbersError, OutOfGpuMemoryError, the abort
   * reason, and what the files throw
   */
  static async open(options: ExplainerOptions): Promise<Explainer> {
    const { moments, sketched } = options;
    checkMoments(moments, sketched);
    const session = await GradientSession.open({ ...options, width: sketched.moments[0].train.width });
    try {
      session.checkValues(moments);
      return new Explainer(options, session);
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  /**
   * Explains the last answer of a conversation, or a running text. Earlier answers are context: nothing is asked of them.
   * @throws NoAnswerError, RowEncodingError, ChatTemplateError, NoChatTemplateError, OutOfGpuMemoryError, DeviceLostError,
   * the abort reason
   */
  async explain(
    question: Row,
    { estimator = defaultEstimator, signal }: { estimator?: Estimator; signal?: AbortSignal } = {}
  ): Promise<Explanation> {
    const { tokenizer, moments, sketched } = this.#options;
    const { config, layout } = this.#session;
    const { date } = this.#options.options;
    const row = lastAnswer(question, tokenizer, Math.min(mostLength, config.maxPositions), date);
    await this.#session.prepare(lengthFor(row.tokens.length), 1);
    const comparison = new Comparison({
      parameters: layout.length / config.layers,
      estimators: [estimator]
    });
    const milliseconds = { gradient: 0, comparing: 0 };
    for (const [at, moment] of moments.entries()) {
      const started = performance.now();
      const queries = await this.#session.sketch([row], moment, signal ? { signal } : {});
      const measured = performance.now();
      await comparison.add({ ...sketched.moments[at], queries }, at === moments.length - 1, {
        ...(signal ? { signal } : {})
      });
      milliseconds.gradient += measured - started;
      milliseconds.comparing += performance.now() - measured;
    }
    const result = comparison.result(estimator);
    return {
      index: sketched.index,
      scores: result.scores.values,
      moments: result.moments.map(({ values }) => values),
      tokens: { answer: row.trained.reduce((sum, flag) => sum + flag, 0), all: row.tokens.length },
      milliseconds
    };
  }

  /** Frees what is the explainer's own on the GPU. A shared base stays. */
  destroy(): void {
    this.#session.destroy();
  }
}

/**
 * Tokens of a row with a mark on those of its last answer alone. What is longer than `most` loses its beginning; of an
 * answer that is itself too long, the end goes too, so that a quarter is left for what it answers.
 * @param date of the run whose rows it is compared with
 * @throws NoAnswerError
 */
export function lastAnswer(row: Row, tokenizer: ChatTokenizer, most: number, date?: string): TrainingRow {
  if (isChatRow(row) && row.messages.at(-1)?.role !== 'assistant') {
    throw new NoAnswerError(
      'The conversation does not end with an answer, so there is nothing to explain. Ask something first.'
    );
  }
  const whole = encodeRow(row, tokenizer, {
    maxLength: Infinity,
    trainOn: 'answers',
    ...(date ? { date } : {})
  });
  const [first, end] = lastMarked(whole);
  if (first === end) {
    throw new NoAnswerError('The answer is empty for this model, so there is nothing to explain.');
  }
  // Of the sequence that it stands in.
  const start = whole.starts.findLast((at) => at <= first) ?? 0;
  const from = Math.max(start, Math.min(whole.tokens.length - most, first - Math.floor(most / 4)));
  const tokens = whole.tokens.slice(from, from + most);
  const trained = tokens.map((_, i) => Number(from + i >= first && from + i < end));
  return { tokens, trained: Uint8Array.from(trained) };
}

/** The last run of marked tokens: first and end. */
function lastMarked({ trained }: EncodedRow): [number, number] {
  const end = trained.lastIndexOf(1) + 1;
  let first = end;
  while (first > 0 && trained[first - 1] === 1) first--;
  return [first, end];
}

function lengthFor(tokens: number): number {
  let length = leastLength;
  while (length < tokens) length *= 2;
  return length;
}
