import { TabtuneError } from '../errors';
import { DeviceLostError, guardAnswers, type Answer } from './device-lost';
import { PipelineCache } from './plan/pipelines';
import type { Style } from './plan/style';

/** WebGPU is absent, or offers no adapter. */
export class NoWebGpuError extends TabtuneError {}

/** The GPU could not give the memory that was asked for. */
export class OutOfGpuMemoryError extends TabtuneError {}

/** What a run record and a tuning cache need to know about an adapter. All plain data. */
export interface DeviceDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

const wantedFeatures = ['shader-f16', 'subgroups', 'timestamp-query'] as const;

const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension'
] as const;

/**
 * A GPU device with what the engine keeps beside it: compiled pipelines, the way kernels should be laid out on it,
 * and its loss as an error. It owns the GPUDevice: `destroy` releases all.
 */
export class Device {
  readonly raw: GPUDevice;
  readonly description: DeviceDescription;
  readonly pipelines: PipelineCache;
  readonly style: Style;
  readonly f16: boolean;
  /** Rejects never; resolves when the device is lost, except by {@link Device.destroy}. */
  readonly lost: Promise<void>;
  /** Stands before every wait for the device: a lost one ends it in a `DeviceLostError`, whatever the browser says. */
  readonly answer: Answer;

  constructor(raw: GPUDevice, description?: DeviceDescription, style?: Style) {
    this.raw = raw;
    this.description = description ?? describe(raw.adapterInfo, raw.features, raw.limits);
    this.style = style ?? (isSoftware(this.description) ? 'serial' : 'cooperative');
    this.f16 = raw.features.has('shader-f16');
    this.answer = guardAnswers(raw.lost);
    this.pipelines = new PipelineCache(raw, this.answer);
    this.lost = new Promise((resolve) => {
      void raw.lost.then(({ reason }) => reason !== 'destroyed' && resolve());
    });
  }

  /**
   * Opens the machine's preferred adapter with its own limits and the features that the engine can use.
   * @throws NoWebGpuError when there is no WebGPU or no adapter, DeviceLostError where the adapter went away meanwhile
   */
  static async open(gpu: GPU | undefined): Promise<Device> {
    if (!gpu) {
      throw new NoWebGpuError(
        'This browser has no WebGPU. Use Chrome or Edge 113+, Safari 26+ or Firefox 141+, over https or on localhost.'
      );
    }
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) {
      throw new NoWebGpuError(
        'WebGPU is present but offers no adapter. Turn on hardware acceleration in the browser settings and update the graphics driver. If it worked here before, close the browser and open it again: after crashes of the GPU, browsers withhold it.'
      );
    }
    const requiredFeatures = wantedFeatures.filter((f) => adapter.features.has(f)) as GPUFeatureName[];
    const requiredLimits = Object.fromEntries(wantedLimits.map((l) => [l, adapter.limits[l]]));
    // It asks for nothing that the adapter does not have: only one that went away refuses.
    const raw = await adapter.requestDevice({ requiredFeatures, requiredLimits }).catch((cause: unknown) => {
      throw new DeviceLostError({ reason: 'unknown', message: 'The adapter gave no device.' }, cause);
    });
    return new Device(raw, describe(adapter.info, raw.features, raw.limits));
  }

  /**
   * Runs allocations under error scopes: in WebGPU a failed allocation is silent and later reads as gibberish.
   * @throws OutOfGpuMemoryError naming `what` and its bytes, DeviceLostError
   */
  async guarded<T>(what: string, bytes: number, allocate: () => T | Promise<T>): Promise<T> {
    this.raw.pushErrorScope('out-of-memory');
    this.raw.pushErrorScope('validation');
    const outcome = await Promise.resolve()
      .then(allocate)
      .then(
        (value) => ({ value }),
        (failure: unknown) => ({ failure })
      );
    const scopes = Promise.all([this.raw.popErrorScope(), this.raw.popErrorScope()]);
    const [invalid, exhausted] = await this.answer(scopes);
    if (exhausted) {
      throw new OutOfGpuMemoryError(
        `The GPU has no room for ${what} (${(bytes / 2 ** 20).toFixed(1)} MiB). Close other tabs that use the GPU, or choose a smaller batch, a shorter length or a smaller model.`,
        { details: { what, bytes }, cause: exhausted }
      );
    }
    if (invalid)
      throw new TabtuneError(`The GPU refused ${what}: ${invalid.message}`, { details: { what, bytes } });
    if ('failure' in outcome) throw outcome.failure;
    return outcome.value;
  }

  destroy(): void {
    this.raw.destroy();
  }
}

function describe(
  info: GPUAdapterInfo | undefined,
  features: GPUSupportedFeatures,
  limits: GPUSupportedLimits
) {
  return {
    vendor: info?.vendor ?? '',
    architecture: info?.architecture ?? '',
    description: info?.description ?? '',
    features: [...features].sort(),
    limits: Object.fromEntries(wantedLimits.map((l) => [l, limits[l] as number]))
  };
}

/** Software rasterisers run "GPU" code on the processor: SwiftShader in Chromium, lavapipe in Mesa, WARP on Windows. */
function isSoftware(d: DeviceDescription): boolean {
  return /swiftshader|llvmpipe|lavapipe|software|warp|basic render/i.test(
    `${d.vendor} ${d.architecture} ${d.description}`
  );
}
