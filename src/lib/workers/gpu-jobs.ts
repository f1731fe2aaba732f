/** What the GPU worker runs. In the page it is `src/lib/jobs`; in tests of the worker, a script without a GPU. */
import type { Row } from '../datanets/row';
import type { Checkpoint } from '../formats/checkpoint';
import type { Adapter } from '../formats/peft';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import type { ChatSession } from '../jobs/chat';
import type { FinetuneEvent, FinetuneResult } from '../jobs/finetune';
import type { FinetuneOptions } from '../jobs/options';
import type { StepRecord } from '../jobs/run-record';
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
  pause: () => Promise<void>;
  onEvent: (event: JobEvent) => void;
}

export interface ChatJob {
  device: Device;
  checkpoint: Checkpoint;
  tokenizer: ChatTokenizer;
  adapter?: Adapter;
  quant: 'nf4' | 'none';
  onProgress: (done: number, total: number) => void;
}

export interface GpuJobs {
  openDevice(): Promise<Device>;
  describe(device: Device): DeviceSummary;
  finetune(job: TrainingJob): Promise<FinetuneResult>;
  openChat(job: ChatJob): Promise<Pick<ChatSession, 'reply' | 'destroy'>>;
}
