import type { FinetuneOptions } from './options';
import type { VersionUse } from './training-data';

/** One optimizer step as run.json keeps it. */
export interface StepRecord {
  /** From 1. */
  readonly step: number;
  /** From 0. */
  readonly epoch: number;
  /** Mean negative log-likelihood over the step's trained tokens, in nats. */
  readonly loss: number;
  readonly learningRate: number;
  /** Before clipping. */
  readonly gradNorm: number;
  readonly tokens: number;
  readonly trainedTokens: number;
  readonly milliseconds: number;
}

/** run.json: enough to repeat a run and to compare it. */
export interface RunRecord {
  readonly config: FinetuneOptions & { readonly model: string; readonly rows: number };
  /** Hexadecimal. `base`: see Checkpoint.sha256; `data`: see rowsSha256; `adapter`: of adapter_model.safetensors. */
  readonly sha256: { readonly base: string; readonly data: string; readonly adapter: string };
  readonly device: {
    readonly name: string;
    readonly vendor: string;
    readonly architecture: string;
    readonly features: readonly string[];
    readonly limits: Readonly<Record<string, number>>;
  };
  readonly memory: { readonly plannedBytes: number; readonly peakBytes: number };
  /** Versions of Datanets that were used, as whoever read their rows notes. */
  readonly datanets?: readonly VersionUse[];
  /** Those that the adapter had learned from which the run went on from. */
  readonly inherited?: readonly VersionUse[];
  /** Mean loss over the rows that were held out, in nats; `after` is absent where the run was stopped. */
  readonly heldOut?: { readonly rows: number; readonly before?: number; readonly after?: number };
  /** What it ran with: `tabtune 0.1.0`. */
  readonly software: string;
  readonly dispatchesPerStep: number;
  /** From the start of compiling to the end of the first step. */
  readonly firstStepMilliseconds: number;
  readonly status: 'done' | 'stopped' | 'diverged';
  /** What was to be known of the files and the settings, in sentences. */
  readonly warnings?: readonly string[];
  readonly steps: readonly StepRecord[];
}
