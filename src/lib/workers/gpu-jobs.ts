/** What the GPU worker runs. In the page it is `src/lib/jobs`; in tests of the worker, a script without a GPU. */
import type { Row } from '../datanets/row';
import type { Checkpoint } from '../formats/checkpoint';
import type { Adapter, AdapterConfig, AdapterTensors } from '../formats/peft';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Device } from '../gpu/device';
import type { ChatMessage, DeviceSummary, ParameterValues, SamplingOptions } from './protocol';

/** All that a run needs to go on later. */
export interface SavedState {
  step: number;
  /** Where the batches continue. */
  position: { epoch: number; index: number };
  adapterConfig: AdapterConfig;
  adapter: AdapterTensors;
  /** AdamW's moments. */
  optimizer: Record<string, ArrayBuffer>;
}

export type JobEvent =
  | {
      kind: 'phase';
      phase: 'loading' | 'quantising' | 'compiling' | 'evaluating';
      done?: number;
      total?: number;
    }
  | { kind: 'plan'; plannedBytes: number; dispatchesPerStep: number; steps: number }
  | {
      kind: 'step';
      step: number;
      steps: number;
      epoch: number;
      loss: number;
      learningRate: number;
      gradNorm: number;
      tokens: number;
      trainedTokens: number;
      milliseconds: number;
      secondsLeft: number;
    }
  | { kind: 'held-out'; moment: 'before' | 'after'; loss: number; rows: number }
  | { kind: 'checkpoint'; state: SavedState };

export interface JobResult {
  adapter: Adapter;
  /** The object of `run.json`. */
  record: Record<string, unknown>;
  status: 'done' | 'stopped';
}

export interface OpenChat {
  reply(
    messages: readonly ChatMessage[],
    options: SamplingOptions & { adapter: boolean; signal: AbortSignal }
  ): AsyncIterable<{ text: string; prefillTokensPerSecond?: number; decodeTokensPerSecond?: number }>;
  destroy(): void;
}

export interface GpuJobs {
  openDevice(): Promise<Device>;
  describe(device: Device): DeviceSummary;
  finetune(job: {
    device: Device;
    checkpoint: Checkpoint;
    tokenizer: ChatTokenizer;
    rows: Row[];
    heldOut: Row[];
    options: ParameterValues;
    adapter?: Adapter;
    resume?: SavedState;
    signal: AbortSignal;
    pause: () => Promise<void>;
    onEvent: (event: JobEvent) => void;
  }): Promise<JobResult>;
  openChat(job: {
    device: Device;
    checkpoint: Checkpoint;
    tokenizer: ChatTokenizer;
    adapter?: Adapter;
    quant: 'nf4' | 'none';
    onPhase: (phase: 'loading' | 'quantising' | 'compiling', done?: number, total?: number) => void;
  }): Promise<OpenChat>;
}
