/**
 * What the page asks of the GPU worker about attribution: which rows made an answer, whose rows made a model, what a
 * Datanet would add, and whether a run can be repeated. All of it survives structured clone. Part of `GpuWorker`.
 */
import type { RowContent } from '../../datanets/row';
import type { RunManifest, AttributionReceipt, Signed } from '../../datanets/trust/statements';
import type { Estimator } from '../../jobs/influence';
import type { ChatMessage, EncodingOptions, ModelChoice, TrainingChoice } from '../protocol';

export type AttributionPhase =
  'loading' | 'quantising' | 'compiling' | 'measuring' | 'comparing' | 'training' | 'evaluating';

export interface AttributionEvent {
  phase: AttributionPhase;
  done?: number;
  total?: number;
  /** Of work in parts: `Without Ada, 2 of 5`. */
  part?: string;
  secondsLeft?: number;
  /** The GPU was lost, and what is done about it. */
  notice?: string;
}

/** A run whose adapter is looked at. `model`: files of this computer are chosen anew after a reload. */
export interface RunRef {
  run: string;
  model: ModelChoice;
}

/** Whose rows made a model. Kept in IndexedDB under the run; `attributionOf` gives it again. */
export interface Attribution {
  run: string;
  created: number;
  /** The default, of which the shares are made. */
  estimator: Estimator;
  /** Which rules made shares of influence (`SHARE_RULES`); absent in those that were measured before they had a number. */
  rules?: number;
  moments: { step: number; learningRate: number }[];
  /** Steps after which the run was to be looked at too, and is not known as it was. Absent for none. */
  missing?: number[];
  sketch: { width: number; seed: number };
  rows: number;
  questions: { count: number; sha256: string };
  contributors: ContributorResult[];
  /** Each estimator's shares in the order of `contributors`, and Spearman's correlation with those of the default. */
  estimators: { name: Estimator; shares: number[]; agreement: number }[];
  milliseconds: number;
  /** What retraining has shown, where it was asked for. */
  retraining?: RetrainingReport;
}

export interface ContributorResult {
  id: string;
  name: string;
  rows: number;
  /** In [0, 1]. */
  share: number;
  /** Bootstrap interval of 90 % over questions, rows and moments. */
  low: number;
  high: number;
  /** Sums over rows that helped and over rows that hurt, in units of the estimator, before the rules. */
  helped: number;
  hurt: number;
  /** Rewards cut to the outlier fence, and rows that share a near-duplicate's reward. */
  capped: number;
  duplicates: number;
}

/** The truth where it is affordable: models trained without somebody, and on halves. */
export interface RetrainingReport {
  /** For each contributor: held-out loss of a model trained without them, minus that of the whole. Positive: they helped. */
  leaveOneOut: { id: string; name: string; loss: number; cost: number }[];
  /** Held-out loss of the model with all. */
  loss: number;
  /** Models trained on random halves. */
  models: number;
  /** Linear datamodeling score, and rank correlation with leave-one-out, by estimator and for the two baselines. */
  scores: { name: Estimator | 'text similarity' | 'random'; lds?: number; leaveOneOut?: number }[];
  milliseconds: number;
}

export interface ExplainRequest extends RunRef {
  /** The conversation; the last message is the answer to explain. */
  messages: ChatMessage[];
  /** Rows to name. Default 8. */
  top?: number;
}

/** Which rows made an answer. */
export interface AnswerSources {
  rows: SourceRow[];
  contributors: { id: string; name: string; share: number }[];
  /** Longest exact matches of the answer's words with rows, not contained in one another, in the answer's order. */
  spans: AnswerSpan[];
  /** How many such matches there are with rows that may be used and not be shown: where they are is not told. */
  hiddenSpans?: number;
  /** Rows compared, at how many moments of the run. */
  compared: number;
  moments: number;
  /** As `Attribution` has it. */
  missing?: number[];
  milliseconds: { gradient: number; comparing: number };
}

export interface SourceRow {
  /** Position among the run's rows, each once, in the order in which they were contributed. */
  index: number;
  contributor: { id: string; name: string };
  /** In units of the estimator, and as a share of all positive scores. */
  score: number;
  share: number;
  /** Absent where the row may be used and not be shown. */
  content?: RowContent;
  /** Matches with the answer: UTF-16 offsets in the text of message `message` (0 for running text). */
  matches: { message: number; start: number; end: number }[];
}

export interface AnswerSpan {
  /** UTF-16 offsets in the answer. */
  start: number;
  end: number;
  /** Rows with it, by position, those of `rows` first; at most 20. */
  rows: number[];
  /** How many rows have it in all, those among them that may not be shown. */
  count: number;
}

/** What a Datanet would add to a base, on prompts of the person's own, before any run. */
export interface ValueRequest {
  model: ModelChoice;
  data: TrainingChoice;
  /** Questions with the answers that the person would like. */
  prompts: { question: string; answer: string }[];
  encoding: EncodingOptions;
  /** An adapter that the run would go on from. */
  adapter?: string;
  /** Steps of a short trial run, which measures what gradients only predict; 0 for none. */
  trialSteps: number;
}

export interface DatanetValue {
  /** Mean loss of the base on the wanted answers, and after the trial. */
  lossBefore: number;
  lossAfter?: number;
  trialSteps: number;
  /** For each prompt: loss before and after, and how well rows point its way (mean cosine over the best ten rows). */
  prompts: { question: string; lossBefore: number; lossAfter?: number; support: number }[];
  /** Share of rows whose gradient lowers the loss of the prompts. */
  helpful: number;
  contributors: { id: string; name: string; rows: number; share: number }[];
  rows: SourceRow[];
  /** Rows that were looked at, of how many. Large Datanets are sampled with a seed. */
  sampled: number;
  total: number;
}

/** Repeats a run from its manifest and compares. The versions have to be in this browser, by their CIDs. */
export interface RepeatRequest {
  manifest: Signed<RunManifest>;
  receipt?: Signed<AttributionReceipt>;
  model: ModelChoice;
  /** The claimed adapter, in this browser, to compare values with. */
  adapter?: string;
}

/** `equal`: bit for bit. `agrees`: within the tolerance. */
export type RepeatVerdict = 'equal' | 'agrees' | 'differs' | 'unknown';

export interface RepeatReport {
  adapter: {
    verdict: RepeatVerdict;
    /** Relative difference (Frobenius norm over all of the adapter), where values could be compared. */
    difference?: number;
    tolerance: number;
    sha256: { claimed: string; found: string };
    /** The tensors that differ most, most first; at most 5. */
    tensors: { name: string; difference: number }[];
  };
  shares?: {
    verdict: RepeatVerdict;
    tolerance: number;
    contributors: { id: string; name: string; claimed: number; found: number }[];
  };
  /** Inputs that are not what the manifest says, in sentences. */
  inputs: string[];
}

/** Calls that take the GPU. One at a time; each ends early with `stopAttribution`, and then throws the abort reason. */
export interface AttributionWorker {
  /** Measures which rows made a run's model on its held-out rows, keeps sketches and result, and gives the result. */
  attribute(run: RunRef, onEvent: (event: AttributionEvent) => void): Promise<Attribution>;
  /** What was measured before of a run; undefined where nothing was. */
  attributionOf(run: string): Promise<Attribution | undefined>;
  /** Which rows made an answer. Sketches rows first where that was not done yet. */
  explain(request: ExplainRequest, onEvent: (event: AttributionEvent) => void): Promise<AnswerSources>;
  /** Trains without each contributor in turn, and `halves` models on random halves; adds what it shows to the attribution. */
  retrain(run: RunRef, halves: number, onEvent: (event: AttributionEvent) => void): Promise<RetrainingReport>;
  datanetValue(request: ValueRequest, onEvent: (event: AttributionEvent) => void): Promise<DatanetValue>;
  repeatRun(request: RepeatRequest, onEvent: (event: AttributionEvent) => void): Promise<RepeatReport>;
  stopAttribution(): Promise<void>;
}
