import { AdapterLayout } from '../gpu/model/adapter';
import { baseBytes, describeBase, layerValues, type BaseModel, type BaseOptions } from '../gpu/model/base';
import { parseDecoderConfig, type DecoderConfig } from '../gpu/model/config';
import type { AbsmaxForm } from '../gpu/nf4/layout';
import type { Style } from '../gpu/plan/style';
import { tensorBytes } from '../gpu/plan/tensor';
import { recordTraining, type TrainingPlan, type TrainingPlanOptions } from '../gpu/train/training-plan';
import { parseTargets, type FinetuneOptions } from './options';

/** What planning needs to know of a device: all plain, so that a page without one can plan as well. */
export interface DeviceTraits {
  readonly style: Style;
  /** Largest bytes of one buffer and of one binding, whichever is less. */
  readonly maxTensorBytes: number;
}

/** WebGPU's guaranteed binding size; what is planned for where no device is known. */
export const defaultTraits: DeviceTraits = { style: 'cooperative', maxTensorBytes: 128 * 2 ** 20 };

export interface RunPlan {
  readonly config: DecoderConfig;
  readonly base: BaseModel;
  readonly layout: AdapterLayout;
  readonly training: TrainingPlanOptions;
  /** Everything on the GPU: base, adapter, optimizer, activations, uniforms. */
  readonly plannedBytes: number;
  readonly parts: readonly { readonly name: string; readonly bytes: number }[];
  readonly dispatchesPerStep: number;
  /** Largest single tensor that does not fit a binding, if any. */
  readonly tooLarge?: { readonly tensor: string; readonly bytes: number };
}

/** Kept activations up to this size need no checkpointing: a quarter of what small GPUs have. */
const keepBytes = 512 * 2 ** 20;

export function baseOptions(
  format: BaseOptions['format'],
  config: DecoderConfig,
  traits: DeviceTraits,
  absmaxForm?: AbsmaxForm
): BaseOptions {
  // On a processor an f16 is expanded in software at each read, so the vocabulary is kept in f32 where it fits.
  const vocabularyBytes = config.vocabulary * config.hidden * 4;
  const vocabularyFormat =
    traits.style === 'serial' && vocabularyBytes <= traits.maxTensorBytes ? 'f32' : 'f16';
  return {
    format,
    vocabularyFormat,
    maxTensorBytes: traits.maxTensorBytes,
    ...(absmaxForm ? { absmaxForm } : {})
  };
}

/** Whether a layer is dequantised to scratch once a pass: on processors, where it fits a binding. */
export function usesScratch(config: DecoderConfig, traits: DeviceTraits): boolean {
  return traits.style === 'serial' && layerValues(config) * 4 <= traits.maxTensorBytes;
}

/**
 * Plans a run without touching a device: what it will allocate, and how many dispatches a step takes.
 * @param modelConfig the object of config.json
 * @param longest longest row in tokens after cutting; options.maxLength when unknown
 * @throws UnsupportedModelError, InvalidOptionError
 */
export function planRun(
  modelConfig: unknown,
  options: FinetuneOptions,
  traits: DeviceTraits = defaultTraits,
  longest = options.maxLength,
  absmaxForm?: AbsmaxForm
): RunPlan {
  const config = parseDecoderConfig(modelConfig);
  const base = describeBase(
    config,
    baseOptions(options.method === 'qlora' ? 'nf4' : 'f16', config, traits, absmaxForm)
  );
  const layout = new AdapterLayout(config, {
    rank: options.rank,
    alpha: options.alpha,
    rsLora: options.rsLora,
    targets: parseTargets(options.targets)
  });
  const length = Math.min(longest, options.maxLength);
  const common = {
    tokens: options.batchSize * length,
    length,
    style: traits.style,
    scratch: options.method === 'qlora' && usesScratch(config, traits),
    activations: 'f32' as const,
    dropout: options.dropout
  };
  const choose = (checkpointing: boolean) => {
    const training = { ...common, checkpointing };
    return { training, recorded: recordTraining(base, layout, training) };
  };
  let chosen = choose(options.checkpointing === 'on');
  if (options.checkpointing === 'auto' && chosen.recorded.plan.memory().transientBytes > keepBytes)
    chosen = choose(true);
  return {
    config,
    base,
    layout,
    training: chosen.training,
    ...figures(base, layout, chosen.recorded, traits)
  };
}

function figures(base: BaseModel, layout: AdapterLayout, recorded: TrainingPlan, traits: DeviceTraits) {
  const memory = recorded.plan.memory();
  const weights = baseBytes(base);
  const adapter = 4 * 4 * layout.length;
  const tooLarge = [...recorded.plan.ownedTensors(), ...recorded.plan.intervals().map((i) => i.tensor)]
    .filter((t) => tensorBytes(t) > traits.maxTensorBytes)
    .sort((a, b) => tensorBytes(b) - tensorBytes(a))
    .at(0);
  return {
    // 16 bytes: where a step's figures are read.
    plannedBytes: memory.totalBytes + 16,
    parts: [
      { name: 'base model', bytes: weights },
      { name: 'adapter and optimizer', bytes: adapter },
      { name: 'activations', bytes: memory.transientBytes },
      {
        name: 'batch and bookkeeping',
        bytes: memory.totalBytes + 16 - memory.transientBytes - weights - adapter
      }
    ],
    dispatchesPerStep: recorded.plan.dispatchCount(),
    ...(tooLarge ? { tooLarge: { tensor: tooLarge.label, bytes: tensorBytes(tooLarge) } } : {})
  };
}
