import { TabtuneError } from '../../errors';
import { DeviceLostError, type Answer } from '../device-lost';
import { kernelSource, type Kernel } from './kernel';

/** A kernel's WGSL did not compile, or its pipeline was refused. A defect of ours or of a driver, never of the input. */
export class KernelCompileError extends TabtuneError {}

export interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Compiled pipelines of one device, by source text: kernels that differ only in `params` share one. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #answer: Answer;
  readonly #compiled = new Map<string, Promise<CompiledKernel>>();

  constructor(device: GPUDevice, answer: Answer) {
    this.#device = device;
    this.#answer = answer;
  }

  /** Number of distinct pipelines so far. */
  get size(): number {
    return this.#compiled.size;
  }

  /**
   * Compiles off the main path: a synchronous createComputePipeline would freeze the page even from a worker.
   * @throws KernelCompileError, DeviceLostError
   */
  get(kernel: Kernel): Promise<CompiledKernel> {
    const source = kernelSource(kernel);
    let compiled = this.#compiled.get(source);
    if (!compiled) {
      compiled = this.#compile(kernel, source);
      this.#compiled.set(source, compiled);
    }
    return compiled;
  }

  async #compile(kernel: Kernel, code: string): Promise<CompiledKernel> {
    const layout = this.#device.createBindGroupLayout({
      label: kernel.label,
      entries: [
        { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' } },
        { binding: 1, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' } },
        ...kernel.bindings.map((b, index): GPUBindGroupLayoutEntry => ({
          binding: index + 2,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: b.access === 'read' ? 'read-only-storage' : 'storage' }
        }))
      ]
    });
    const module = this.#device.createShaderModule({ label: kernel.label, code });
    try {
      const pipeline = await this.#answer(
        this.#device.createComputePipelineAsync({
          label: kernel.label,
          layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
          compute: { module, entryPoint: 'main' }
        })
      );
      return { pipeline, layout };
    } catch (cause) {
      if (cause instanceof DeviceLostError) throw cause;
      const { messages } = await this.#answer(module.getCompilationInfo());
      const text = messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`).join('; ');
      throw new KernelCompileError(
        `The kernel ${kernel.label} does not compile on this device: ${text || String(cause)}. Please report it with your browser's version.`,
        { cause, details: { kernel: kernel.label, messages: text } }
      );
    }
  }
}
