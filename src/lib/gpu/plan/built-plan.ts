import type { Device } from '../device';
import { BufferStore, createTensorBuffer, readTensor, toStorage } from './buffers';
import { bindingRange, packParams, packStep, stepBytes, uniformStride, type StepScalars } from './kernel';
import { SubmitPacer } from './pacer';
import type { Plan } from './plan';
import type { Tensor } from './tensor';

type Recorded =
  | {
      kind: 'dispatch';
      label: string;
      pipeline: GPUComputePipeline;
      bindGroup: GPUBindGroup;
      groups: readonly [number, number, number];
      flops: number;
    }
  | { kind: 'clear'; buffer: GPUBuffer };

/**
 * A plan with its memory, pipelines and bind groups. A replay writes the step's scalars, encodes and submits: it
 * allocates nothing.
 */
export class BuiltPlan {
  readonly device: Device;
  /** Persistent tensors. Shared with other plans when it was given to {@link Plan.build}. */
  readonly store: BufferStore;
  /** Bytes that this plan allocated itself: transients and uniforms, and persistents where the store is its own. */
  readonly bytes: number;
  readonly #ownsStore: boolean;
  readonly #slots: GPUBuffer[];
  readonly #placed: ReadonlyMap<Tensor, GPUBuffer>;
  readonly #uniforms: GPUBuffer[];
  readonly #step: GPUBuffer;
  readonly #sections: ReadonlyMap<string, readonly Recorded[]>;
  readonly #pacer = new SubmitPacer();

  private constructor(parts: {
    device: Device;
    store: BufferStore;
    ownsStore: boolean;
    slots: GPUBuffer[];
    placed: Map<Tensor, GPUBuffer>;
    uniforms: GPUBuffer[];
    step: GPUBuffer;
    sections: Map<string, Recorded[]>;
  }) {
    this.device = parts.device;
    this.store = parts.store;
    this.#ownsStore = parts.ownsStore;
    this.#slots = parts.slots;
    this.#placed = parts.placed;
    this.#uniforms = parts.uniforms;
    this.#step = parts.step;
    this.#sections = parts.sections;
    const own = [...parts.slots, ...parts.uniforms, parts.step].reduce((sum, b) => sum + b.size, 0);
    this.bytes = own + (parts.ownsStore ? parts.store.bytes : 0);
  }

  static async create(device: Device, plan: Plan, shared?: BufferStore): Promise<BuiltPlan> {
    const raw = device.raw;
    const store = shared ?? new BufferStore(device);
    const memory = plan.memory();
    const placed = new Map<Tensor, GPUBuffer>();
    const dispatches = plan.commands.filter((c) => c.kind === 'dispatch');
    // Compilation runs beside allocation; both are awaited below.
    const compiling = Promise.all(dispatches.map((c) => device.pipelines.get(c.kernel)));
    compiling.catch(() => undefined);

    const { slots, uniforms, step } = await device.guarded("the plan's buffers", memory.totalBytes, () => {
      for (const tensor of plan.ownedTensors()) placed.set(tensor, store.ensure(tensor));
      const made = plan.slots().map((slot, index) => {
        const buffer = createTensorBuffer(raw, `slot ${index}`, slot.bytes);
        for (const { tensor } of slot.intervals) placed.set(tensor, buffer);
        return buffer;
      });
      return {
        slots: made,
        uniforms: packUniforms(
          raw,
          dispatches.map((c) => packParams(c.kernel.params))
        ),
        step: uniform(raw, 'step', stepBytes)
      };
    });

    const compiled = await compiling;
    const perBuffer = uniformsPerBuffer(raw);
    const sections = new Map<string, Recorded[]>(plan.sections.map((name) => [name, []]));
    let index = 0;
    for (const command of plan.commands) {
      const list = sections.get(command.section)!;
      if (command.kind === 'clear') {
        list.push({ kind: 'clear', buffer: placed.get(command.tensor)! });
        continue;
      }
      const { kernel } = command;
      const { pipeline, layout } = compiled[index];
      const bindGroup = raw.createBindGroup({
        label: kernel.label,
        layout,
        entries: [
          {
            binding: 0,
            resource: {
              buffer: uniforms[Math.floor(index / perBuffer)],
              offset: (index % perBuffer) * uniformStride,
              size: packParams(kernel.params).byteLength
            }
          },
          { binding: 1, resource: { buffer: step } },
          ...kernel.bindings.map((b, at) => ({
            binding: at + 2,
            resource: { buffer: placed.get(b.tensor)!, ...bindingRange(b) }
          }))
        ]
      });
      list.push({
        kind: 'dispatch',
        label: kernel.label,
        pipeline,
        bindGroup,
        groups: kernel.workgroups,
        flops: kernel.flops
      });
      index++;
    }
    return new BuiltPlan({ device, store, ownsStore: !shared, slots, placed, uniforms, step, sections });
  }

  /** Encodes and submits the sections in the given order; all of them in the order of recording when none is named. */
  replay(scalars: StepScalars, ...sections: string[]): void {
    this.device.raw.queue.writeBuffer(this.#step, 0, packStep(scalars));
    const commands = (sections.length ? sections : [...this.#sections.keys()]).flatMap(
      (name) => this.#sections.get(name) ?? []
    );
    let encoder = this.device.raw.createCommandEncoder();
    let pass: GPUComputePassEncoder | undefined;
    let queued = 0;
    for (const command of commands) {
      if (command.kind === 'clear') {
        pass?.end();
        pass = undefined;
        encoder.clearBuffer(command.buffer);
        continue;
      }
      pass ??= encoder.beginComputePass();
      pass.setPipeline(command.pipeline);
      pass.setBindGroup(0, command.bindGroup);
      pass.dispatchWorkgroups(...command.groups);
      queued += this.#pacer.cost(command.flops);
      if (queued < this.#pacer.budget) continue;
      pass.end();
      pass = undefined;
      this.device.raw.queue.submit([encoder.finish()]);
      encoder = this.device.raw.createCommandEncoder();
      queued = 0;
    }
    pass?.end();
    this.device.raw.queue.submit([encoder.finish()]);
  }

  /** Tells how long a replay took, so that later submits stay well under a driver's watchdog. */
  observe(milliseconds: number, ...sections: string[]): void {
    const commands = (sections.length ? sections : [...this.#sections.keys()]).flatMap(
      (name) => this.#sections.get(name) ?? []
    );
    this.#pacer.observe(
      commands.reduce((sum, c) => sum + (c.kind === 'dispatch' ? this.#pacer.cost(c.flops) : 0), 0),
      milliseconds
    );
  }

  /** Writes host values into a persistent or kept tensor, from element `offset`. */
  write(tensor: Tensor, values: Float32Array | Uint32Array, offset = 0): void {
    const bytes = toStorage(tensor, values);
    this.device.raw.queue.writeBuffer(
      this.#buffer(tensor),
      offset * (tensor.dtype === 'f16' ? 2 : 4),
      bytes as ArrayBufferView<ArrayBuffer>
    );
  }

  read(tensor: Tensor): Promise<Float32Array | Uint32Array> {
    return readTensor(this.device, this.#buffer(tensor), tensor);
  }

  /** The buffer behind a tensor, for copies that a caller encodes itself. */
  buffer(tensor: Tensor): GPUBuffer {
    return this.#buffer(tensor);
  }

  /** Fills all memory with NaN bits: whoever reads what nobody wrote gets caught. For tests. */
  poison(): void {
    for (const buffer of new Set(this.#placed.values())) {
      this.device.raw.queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(0x7fc07fc0));
    }
  }

  destroy(): void {
    for (const buffer of [...this.#slots, ...this.#uniforms, this.#step]) buffer.destroy();
    if (this.#ownsStore) this.store.destroy();
  }

  #buffer(tensor: Tensor): GPUBuffer {
    const buffer = this.#placed.get(tensor);
    if (!buffer) throw new RangeError(`tensor ${tensor.label} is not part of this plan`);
    return buffer;
  }
}

function uniform(device: GPUDevice, label: string, size: number): GPUBuffer {
  return device.createBuffer({ label, size, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
}

function uniformsPerBuffer(device: GPUDevice): number {
  return Math.floor(Math.min(device.limits.maxBufferSize, 2 ** 20) / uniformStride);
}

function packUniforms(device: GPUDevice, params: readonly ArrayBuffer[]): GPUBuffer[] {
  const perBuffer = uniformsPerBuffer(device);
  const buffers: GPUBuffer[] = [];
  for (let first = 0; first < Math.max(params.length, 1); first += perBuffer) {
    const part = params.slice(first, first + perBuffer);
    const bytes = new Uint8Array(Math.max(part.length, 1) * uniformStride);
    part.forEach((p, i) => bytes.set(new Uint8Array(p), i * uniformStride));
    const buffer = uniform(device, 'params', bytes.byteLength);
    device.queue.writeBuffer(buffer, 0, bytes);
    buffers.push(buffer);
  }
  return buffers;
}
