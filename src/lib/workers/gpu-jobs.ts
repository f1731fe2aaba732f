/** What the GPU worker runs. In the page it is `src/lib/jobs`; in tests of the worker, a script without a GPU. */
import type { Row } from '../datanets/row';
import type { Checkpoint } from '../formats/checkpoint';
import type { Adapter } from '../formats/peft';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import type { ChatSession } from '../jobs/chat';
import type { Explainer, ExplainerOptions } from '../jobs/explain';
import type { FinetuneEvent, FinetuneResult } from '../jobs/finetune';
import type { InfluenceJob, InfluenceResult, SketchJob, SketchResult } from '../jobs/influence';
import type { FinetuneOptions } from '../jobs/options';
import type { RetrainJob } from '../jobs/retrain';
import type { StepRecord } from '../jobs/run-record';
import type { ValueJob, ValueResult } from '../jobs/value';
import type { DeviceSummary } from './protocol';

/** All that a run needs to go on later, or to end with what it has: named tensors, as an adapter's files have them. */
export interface SavedState {
  /** Optimizer steps taken. */
  step: number;
  adapter: Adapter;
  /** AdamW's moments `m` and `v`, as the engine lays them out. */
  optimizer: Record<string, ArrayBuffer>;
  steps: readonly StepRecord[];
}

export type JobEvent =
  Exclude<FinetuneEvent, { kind: 'checkpoint' }> | { kind: 'checkpoint'; state: SavedState };

export interface TrainingJob {
  device: Device;
  checkpoint: Checkpoint;
  tokenizer: ChatTokenizer;
  rows: Row[];
  heldOut: Row[];
  options: FinetuneOptions;
  adapter?: Adapter;
  resume?: SavedState;
  signal: AbortSignal;
  /** As `FinetuneJob` has it. */
  pause: () => Promise<void> | undefined;
  onEvent: (event: JobEvent) => void;
}

export interface ChatJob {
  device: Device;
  checkpoint: Checkpoint;
  tokenizer: ChatTokenizer;
  adapter?: Adapter;
  /** The day that chat templates are told, of the run that made the adapter (`2026-11-22`); default today. */
  date?: string;
  quant: 'nf4' | 'none';
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

/** `loaded`: its base, which an explainer may use too. */
export type OpenChat = Pick<ChatSession, 'reply' | 'destroy'> & Partial<Pick<ChatSession, 'loaded'>>;

export interface GpuJobs {
  openDevice(): Promise<Device>;
  describe(device: Device): DeviceSummary;
  finetune(job: TrainingJob): Promise<FinetuneResult>;
  openChat(job: ChatJob): Promise<OpenChat>;
  /** Scores of a run's rows for questions. */
  measure(job: InfluenceJob): Promise<InfluenceResult>;
  /** Only the gradients of a run's rows. */
  sketch(job: SketchJob): Promise<SketchResult>;
  openExplainer(job: ExplainerOptions): Promise<Pick<Explainer, 'explain' | 'destroy'>>;
  /** Models trained on parts of a run. */
  retrain(job: RetrainJob): Promise<void>;
  /** What rows would do for prompts. */
  value(job: ValueJob): Promise<ValueResult>;
}
