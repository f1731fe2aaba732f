import type { Checkpoint } from '../formats/checkpoint';
import type { ChatTokenizer } from '../formats/tokenizer';
import type { Adapter } from '../formats/peft';
import type { Device } from '../gpu/device';
import { AdapterLayout } from '../gpu/model/adapter';
import { baseTensors, describeBase, type BaseFormat, type BaseModel } from '../gpu/model/base';
import { parseDecoderConfig } from '../gpu/model/config';
import { checkpointAbsmaxForm, loadBase, type LoadOptions } from '../gpu/model/load';
import type { Projection } from '../gpu/model/weights';
import { BufferStore } from '../gpu/plan/buffers';
import { persistent, type Tensor } from '../gpu/plan/tensor';
import { baseOptions, usesScratch, type DeviceTraits } from './plan-run';

/** What planning needs of an open device. */
export function traitsOf(device: Device): DeviceTraits {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.raw.limits;
  return { style: device.style, maxTensorBytes: Math.min(maxStorageBufferBindingSize, maxBufferSize) };
}

/** End tokens of a model's answers: the tokeniser's own and those that generation_config.json and config.json add. */
export function endTokens(
  { generation, config }: Pick<Checkpoint, 'generation' | 'config'>,
  tokenizer: ChatTokenizer
): number[] {
  const stated = [generation, config].flatMap((file) => {
    const ids = (file as { eos_token_id?: unknown } | undefined)?.eos_token_id;
    return (Array.isArray(ids) ? ids : [ids]) as unknown[];
  });
  const more = stated.filter((id): id is number => Number.isInteger(id));
  return [...new Set([...tokenizer.eosIds, ...more])];
}

export interface AdapterOnGpu {
  readonly layout: AdapterLayout;
  readonly values: Tensor;
}

/** A base model on the GPU, and where one is worn an adapter. Shared by chat and scoring; training makes its own plan. */
export class ModelOnGpu {
  readonly store: BufferStore;
  readonly base: BaseModel;
  readonly traits: DeviceTraits;
  readonly scratch: boolean;

  private constructor(store: BufferStore, base: BaseModel, traits: DeviceTraits) {
    this.store = store;
    this.base = base;
    this.traits = traits;
    this.scratch = base.options.format === 'nf4' && usesScratch(base.config, traits);
  }

  /** @throws UnsupportedModelError, WeightShapeError, OutOfGpuMemoryError, and what the checkpoint throws */
  static async open(
    device: Device,
    checkpoint: Checkpoint,
    format: BaseFormat,
    load: LoadOptions = {}
  ): Promise<ModelOnGpu> {
    const traits = traitsOf(device);
    const config = parseDecoderConfig(checkpoint.config);
    const base = describeBase(
      config,
      baseOptions(format, config, traits, await checkpointAbsmaxForm(checkpoint, config, load.signal))
    );
    const store = await uploadBase(device, base, checkpoint, load);
    return new ModelOnGpu(store, base, traits);
  }

  /** @throws AdapterMismatchError */
  addAdapter(adapter: Adapter): AdapterOnGpu {
    const { rank, alpha, rsLora, targetModules } = adapter.config;
    const layout = new AdapterLayout(this.base.config, {
      rank,
      alpha,
      rsLora,
      targets: targetModules as Projection[]
    });
    const values = persistent('adapter', layout.length);
    this.store.device.raw.queue.writeBuffer(
      this.store.ensure(values),
      0,
      layout.pack(adapter.tensors, adapter.config.only)
    );
    return { layout, values };
  }

  destroy(): void {
    this.store.destroy();
  }
}

/** Makes the store and fills it; leaves nothing behind when it fails or is stopped. */
export async function uploadBase(
  device: Device,
  base: BaseModel,
  checkpoint: Checkpoint,
  load: LoadOptions
): Promise<BufferStore> {
  const store = new BufferStore(device);
  try {
    const tensors = baseTensors(base);
    await device.guarded(
      'the base model',
      tensors.reduce((sum, t) => sum + t.length * 4, 0),
      () => tensors.forEach((t) => store.ensure(t))
    );
    await loadBase(store, base, checkpoint, load);
    return store;
  } catch (error) {
    store.destroy();
    throw error;
  }
}
