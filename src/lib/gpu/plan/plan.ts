import { TabtuneError } from '../../errors';
import type { Device } from '../device';
import { type BufferStore } from './buffers';
import { BuiltPlan } from './built-plan';
import { stepBytes, uniformStride, type Kernel } from './kernel';
import { assignSlots, lowerBoundBytes, type Interval, type Slot } from './memory';
import { tensorBytes, type Tensor } from './tensor';

/** A tensor is larger than the device lets one binding or one buffer be. */
export class TensorTooLargeError extends TabtuneError {}

/** One recorded command: a dispatch, or the zeroing of a whole tensor. */
export type Command =
  | { readonly kind: 'dispatch'; readonly kernel: Kernel; readonly section: string }
  | { readonly kind: 'clear'; readonly tensor: Tensor; readonly section: string };

export interface PlanMemory {
  readonly persistentBytes: number;
  readonly transientBytes: number;
  /** Uniforms of all dispatches. */
  readonly uniformBytes: number;
  readonly totalBytes: number;
  /** Sum of transient tensors alive at the worst command: what no placement could beat. */
  readonly transientLowerBoundBytes: number;
}

/**
 * A list of commands, recorded once and replayed every step. Recording needs no device: the memory that the plan will
 * take, and the number of its dispatches, are known before anything is allocated. {@link Plan.build} then makes every
 * buffer, pipeline and bind group, so that a replay only encodes and submits.
 *
 * Commands belong to sections ("step", "update"…) that can be replayed apart; lifetimes run over all in the order of
 * recording.
 */
export class Plan {
  readonly commands: Command[] = [];
  readonly #kept = new Set<Tensor>();
  #section = 'main';

  /** Following commands belong to this section. */
  section(name: string): this {
    this.#section = name;
    return this;
  }

  add(kernel: Kernel): this {
    this.commands.push({ kind: 'dispatch', kernel, section: this.#section });
    return this;
  }

  clear(tensor: Tensor): this {
    this.commands.push({ kind: 'clear', tensor, section: this.#section });
    return this;
  }

  /** Gives a transient tensor memory of its own, so that its content can be written or read between replays. */
  keep(tensor: Tensor): this {
    this.#kept.add(tensor);
    return this;
  }

  get sections(): string[] {
    return [...new Set(this.commands.map((c) => c.section))];
  }

  dispatchCount(section?: string): number {
    return this.commands.filter((c) => c.kind === 'dispatch' && (!section || c.section === section)).length;
  }

  flops(section?: string): number {
    return this.commands.reduce(
      (sum, c) => sum + (c.kind === 'dispatch' && (!section || c.section === section) ? c.kernel.flops : 0),
      0
    );
  }

  /** Tensors with memory of their own: persistent ones and those that are kept. */
  ownedTensors(): Tensor[] {
    const owned = new Set<Tensor>(this.#kept);
    for (const command of this.commands) {
      for (const tensor of tensorsOf(command)) if (tensor.lifetime === 'persistent') owned.add(tensor);
    }
    return [...owned];
  }

  /** Lifetimes of the transient tensors that share memory. */
  intervals(): Interval[] {
    const lives = new Map<Tensor, { first: number; last: number }>();
    this.commands.forEach((command, index) => {
      for (const tensor of tensorsOf(command)) {
        if (tensor.lifetime === 'persistent' || this.#kept.has(tensor)) continue;
        const life = lives.get(tensor);
        if (life) life.last = index;
        else lives.set(tensor, { first: index, last: index });
      }
    });
    return [...lives].map(([tensor, life]) => ({ tensor, ...life }));
  }

  slots(): Slot[] {
    return assignSlots(this.intervals());
  }

  /** Bytes that {@link Plan.build} will allocate; tensors that another plan's store already holds are counted too. */
  memory(): PlanMemory {
    const persistentBytes = sum(this.ownedTensors().map(tensorBytes));
    const transientBytes = sum(this.slots().map((s) => s.bytes));
    const uniformBytes = Math.max(1, this.dispatchCount()) * uniformStride + stepBytes;
    return {
      persistentBytes,
      transientBytes,
      uniformBytes,
      totalBytes: persistentBytes + transientBytes + uniformBytes,
      transientLowerBoundBytes: lowerBoundBytes(this.intervals())
    };
  }

  /**
   * Allocates, compiles and binds.
   * @param store persistent tensors, shared between plans; those it lacks are added to it. Without one the plan has its own.
   * @throws TensorTooLargeError, OutOfGpuMemoryError, KernelCompileError
   */
  async build(device: Device, store?: BufferStore): Promise<BuiltPlan> {
    this.#checkLimits(device);
    return BuiltPlan.create(device, this, store);
  }

  #checkLimits(device: Device): void {
    const limit = Math.min(device.raw.limits.maxStorageBufferBindingSize, device.raw.limits.maxBufferSize);
    for (const tensor of [...this.ownedTensors(), ...this.intervals().map((i) => i.tensor)]) {
      const bytes = tensorBytes(tensor);
      if (bytes <= limit) continue;
      throw new TensorTooLargeError(
        `${tensor.label} needs ${bytes} bytes in one buffer, the GPU allows ${limit}. Choose a smaller batch or a shorter length.`,
        { details: { tensor: tensor.label, bytes, limit } }
      );
    }
  }
}

export function tensorsOf(command: Command): Tensor[] {
  return command.kind === 'clear' ? [command.tensor] : command.kernel.bindings.map((b) => b.tensor);
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
