/**
 * What the page and its two workers say to each other: the one contract. All of it survives structured clone.
 * Calls are typed methods over Comlink; what happens during a call comes as events of one union.
 */
import type { PreviewPiece } from '../datanets/encode';
import type { RowProblem } from '../datanets/parse';
import type { Row } from '../datanets/row';
import type { ContributorRows, VersionUse } from '../jobs/training-data';
import type { AttributionWorker } from './attribution/protocol';

/** How a base model is named, so that either worker can open it. */
export type ModelChoice =
  /** The project's own small model; `folder` is its absolute address with a slash at the end. */
  | { kind: 'starter'; folder: string }
  /** A model on the Hugging Face hub, read from the cache and fetched where the cache lacks it. */
  | ({ kind: 'hub' } & HubModelChoice)
  /** Files of this computer. They live as long as the page; after a reload they are chosen again. */
  | { kind: 'files'; name: string; files: File[] };

/** A model on the hub, as exactly as somebody named it. */
export interface HubModelChoice {
  id: string;
  /** Branch, tag or commit; absent: `main`. */
  revision?: string;
  /** One GGUF file of several. */
  file?: string;
}

/** What the page shows of a model, and what plans are made from. */
export interface ModelSummary {
  name: string;
  /** `config.json`, as it is. */
  config: unknown;
  architecture: string;
  parameters: number;
  layers: number;
  hiddenSize: number;
  vocabularySize: number;
  /** The longest text the model was made for, in tokens. */
  maxLength: number;
  /** Bytes of the files it came from. */
  bytes: number;
  license?: string;
  hasChatTemplate: boolean;
  /** What the person should know of its files, in sentences. */
  notices: string[];
}

export interface CachedModel {
  id: string;
  /** Absent: `main`. */
  revision?: string;
  bytes: number;
  /** False where a download was interrupted. */
  complete: boolean;
}

/** What takes room in this browser: something with all that is only here for it. */
export interface StorageUse {
  kind: 'Datanet' | 'set of rows' | 'adapter' | 'run' | 'model' | 'other';
  name: string;
  bytes: number;
}

/** How rows become tokens. */
export interface EncodingOptions {
  maxLength: number;
  trainOn: 'answers' | 'everything';
  /** What templates are told today is; absent for the day it is. */
  date?: string;
}

/** A set of rows in this browser. */
export interface RowSetSummary {
  id: string;
  name: string;
  created: number;
  format: string;
  rows: number;
  /** Rows kept apart to measure with, never trained on. */
  heldOut: number;
  contributors: number;
  problemCount: number;
}

/** Where rows come from. */
export type RowInput = { kind: 'file'; file: File } | { kind: 'text'; text: string };

/** What a run trains on. */
export type TrainingChoice =
  /** A file of rows that somebody brought, by the set's id. Nothing is known of who may use it for what. */
  | { kind: 'rows'; rowSet: string }
  /** Versions of Datanets in one run. Each row's rules are asked before it is used. */
  | { kind: 'datanets'; versions: VersionChoice[]; purpose?: string };

export interface VersionChoice {
  /** The Datanet's own id. */
  datanet: string;
  /** Merkle root of the version: of these rows, which another Datanet may have under other rules. */
  root: string;
  /** How often its rows are taken, beside those of the others: 2 is twice as often as 1. */
  weight: number;
}

/** What a run may take of what is chosen: known, and shown, before it starts. */
export interface TrainingOutlook {
  name: string;
  rows: number;
  heldOut: number;
  /** Each version with what is used and what is refused. Empty for a set of rows. */
  versions: VersionUse[];
  contributors: ContributorRows[];
  /** Purposes that some rule names: a run has to be for one of them. */
  purposes: string[];
  /** Why nothing can be trained on, where nothing is left. */
  nothing?: string;
}

export interface PreviewRow {
  index: number;
  contributor?: string;
  pieces: PreviewPiece[];
  tokens: number;
  trainedTokens: number;
  /** Tokens cut off the end because the row is longer than the length. */
  truncated: number;
  /** Why the row cannot be encoded; the pieces are then empty. */
  problem?: string;
}

export interface RowStatistics {
  rows: number;
  tokens: number;
  trainedTokens: number;
  /** As it will be trained on, after cutting. */
  longest: number;
  /** As it is, like the median. */
  longestWhole: number;
  /** The longest of the rows held out, after cutting. */
  longestHeldOut: number;
  median: number;
  /** Rows that are cut to the length. */
  cutRows: number;
  cutTokens: number;
  /** Rows without a single token to train on, left out of training. */
  emptyRows: number;
  /** Rows that the model's chat template cannot take, left out of training, and why the first of them. */
  refusedRows: number;
  firstRefusal?: string;
  /** What else is worth knowing of rows, a sentence each. */
  warnings: { text: string; rows: number }[];
  /** Rows per length: `counts[i]` rows have up to `edges[i]` tokens. */
  histogram: { edges: number[]; counts: number[] };
}

/** A training parameter's value. */
export type ParameterValues = Record<string, number | string | boolean>;

/** What a run needs. Rows and a start adapter are read from the store by the worker. */
export interface FinetuneRequest {
  model: ModelChoice;
  modelName: string;
  data: TrainingChoice;
  options: ParameterValues;
  /** An adapter to start from. */
  adapter?: string;
  /** An interrupted run to go on with. */
  resume?: string;
}

/** What a run would take on the GPU, known before it starts. */
export interface MemoryEstimate {
  plannedBytes: number;
  /** The largest parts, greatest first. */
  parts: { name: string; bytes: number }[];
  fits: boolean;
  /** Where it does not fit: how much is short, and which setting would fit. */
  advice?: string;
}

export interface StepMetrics {
  step: number;
  steps: number;
  /** From 0. */
  epoch: number;
  /** Mean over the trained tokens of the step, in nats. */
  loss: number;
  learningRate: number;
  gradNorm: number;
  tokens: number;
  trainedTokens: number;
  milliseconds: number;
  tokensPerSecond: number;
  secondsLeft: number;
}

/** An adapter in this browser. */
export interface AdapterSummary {
  id: string;
  name: string;
  created: number;
  /** The base it belongs to. */
  modelName: string;
  rank: number;
  alpha: number;
  bytes: number;
  /** The run that made it; an imported one has none. */
  run?: string;
}

/** How a run stands. `running` that is not live is a run that was interrupted. */
export type RunStatus = 'running' | 'done' | 'stopped' | 'failed';

/** A run in this browser. */
export interface RunSummary {
  id: string;
  created: number;
  status: RunStatus;
  /** Some tab, this one or another, trains it now. */
  live: boolean;
  request: FinetuneRequest;
  /** Of the rows or Datanets it was trained on. */
  dataName: string;
  /** The versions of Datanets it used. */
  datanets?: VersionUse[];
  step: number;
  steps: number;
  firstLoss?: number;
  lastLoss?: number;
  adapter?: string;
  /** What its steps took together; known of a run that is over. */
  milliseconds?: number;
  /** A saved state to go on from. */
  resumable: boolean;
}

/** What a run tells while it goes on. `phase` alone says what the person is waiting for. */
export type RunEvent =
  | { phase: 'loading' | 'quantising' | 'compiling' | 'evaluating'; done?: number; total?: number }
  | { phase: 'planned'; run: string; plannedBytes: number; dispatchesPerStep: number; steps: number }
  /** What a run had come to that goes on: its steps from the first, and what was measured before them. */
  | { phase: 'resumed'; steps: StepMetrics[]; heldOut?: { rows: number; before?: number } }
  | { phase: 'training'; metrics: StepMetrics }
  | { phase: 'paused'; step: number }
  /** The GPU was lost. The run goes on by itself, from `step`; a conversation is opened again. */
  | { phase: 'recovering'; message: string; step?: number }
  | { phase: 'held-out'; moment: 'before' | 'after'; loss: number; rows: number }
  | { phase: 'saved'; step: number }
  /** Something beside the run did not work; the run goes on. */
  | { phase: 'warned'; message: string }
  | { phase: 'done' | 'stopped'; adapter: string; run: string }
  | { phase: 'failed'; message: string };

export type RunPhase = RunEvent['phase'];

/** What a download or an import tells while it goes on. */
export type DataEvent =
  | { phase: 'downloading'; file: string; done: number; total: number }
  | { phase: 'parsing'; rows: number; problems: number };

/** A GPU, or why there is none. */
export interface DeviceSummary {
  vendor: string;
  architecture: string;
  description: string;
  features: readonly string[];
  limits: Readonly<Record<string, number>>;
  /** Runs on the processor: correct and slow. */
  software: boolean;
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface SamplingOptions {
  maxNewTokens: number;
  temperature: number;
  topP: number;
  seed: number;
}

export interface ChatRequest {
  model: ModelChoice;
  modelName: string;
  /** An adapter of this browser; without one, only the base answers. */
  adapter?: string;
  quant: 'nf4' | 'none';
}

/** What a reply tells while it streams. `text` is all of it so far. */
export interface ReplyEvent {
  text: string;
  prefillTokensPerSecond?: number;
  decodeTokensPerSecond?: number;
  /** What happened on the way: the answer begins again. */
  notice?: string;
}

export interface Reply extends ReplyEvent {
  stopped: boolean;
  /** It reached the longest length before the model ended it. */
  cut?: boolean;
}

/** Parsing, tokenising, downloads: all that keeps a processor busy. */
export interface DataWorker {
  openModel(choice: ModelChoice): Promise<ModelSummary>;
  /**
   * Fetches what the cache lacks of a model, which is judged by its config.json before the rest comes. `token` opens gated
   * models; it goes to the hub and is kept nowhere. `HubFileChoiceError` has the GGUF files to choose from in its details.
   */
  download(
    model: HubModelChoice,
    token: string | undefined,
    onEvent: (event: DataEvent) => void
  ): Promise<void>;
  cancelDownload(): Promise<void>;
  cachedModels(): Promise<CachedModel[]>;
  deleteCachedModel(id: string, revision?: string): Promise<void>;
  importRows(input: RowInput, onEvent: (event: DataEvent) => void): Promise<RowSetSummary>;
  /** What a run may use of what is chosen, and what is refused. */
  outlook(data: TrainingChoice): Promise<TrainingOutlook>;
  preview(
    data: TrainingChoice,
    model: ModelChoice,
    from: number,
    count: number,
    options: EncodingOptions
  ): Promise<PreviewRow[]>;
  statistics(data: TrainingChoice, model: ModelChoice, options: EncodingOptions): Promise<RowStatistics>;
  /** A file that comes with the page, by its address. */
  siteFile(address: string): Promise<File>;
  rowSets(): Promise<RowSetSummary[]>;
  /** The lines of the file that were no rows. */
  rowProblems(id: string): Promise<RowProblem[]>;
  deleteRowSet(id: string): Promise<void>;
  /** What takes room in this browser, the largest first. */
  storage(): Promise<StorageUse[]>;
  /** Questions to ask in the chat: of rows that are not trained on, where there are such rows. */
  questions(data: TrainingChoice, count: number): Promise<string[]>;
  adapters(): Promise<AdapterSummary[]>;
  deleteAdapter(id: string): Promise<void>;
  /**
   * A zip of a PEFT folder: `adapter_config.json`, `adapter_model.safetensors`, `README.md` (a model card), `run.json` where
   * there is a run, and the claims that were signed of it, under `claims/`.
   */
  exportAdapter(id: string): Promise<Blob>;
  /**
   * A PEFT adapter: its two files, or a zip with them; a model card and claims are kept with it, good or not, but for such as
   * are about other weights: then it is refused.
   */
  importAdapter(files: File[]): Promise<AdapterSummary>;
  runs(): Promise<RunSummary[]>;
  deleteRun(id: string): Promise<void>;
  /**
   * What a run would take on the GPU. Without a device, WebGPU's guaranteed limits are regarded; without the longest
   * row, the length is.
   */
  estimate(
    model: ModelSummary,
    options: ParameterValues,
    device: DeviceSummary | undefined,
    longest: number | undefined
  ): Promise<MemoryEstimate>;
  /** Ends an interrupted run: the adapter of its last saved state is kept as any other. */
  keepInterrupted(run: string): Promise<AdapterSummary>;
}

/** All that touches the GPU. One thing at a time: a call during another waits or says so. */
export interface GpuWorker extends AttributionWorker {
  probe(): Promise<DeviceSummary>;
  finetune(request: FinetuneRequest, onEvent: (event: RunEvent) => void): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  openChat(request: ChatRequest, onEvent: (event: RunEvent) => void): Promise<void>;
  reply(
    messages: ChatMessage[],
    options: SamplingOptions,
    tuned: boolean,
    onEvent: (event: ReplyEvent) => void
  ): Promise<Reply>;
  stopReply(): Promise<void>;
  /** Frees all GPU memory. */
  release(): Promise<void>;
}

export type { ContributorRows, PreviewPiece, Row, RowProblem, VersionUse };
