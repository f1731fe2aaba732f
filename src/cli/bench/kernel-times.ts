import type { BufferStore } from '../../lib/gpu/plan/buffers';
import type { Kernel, StepScalars } from '../../lib/gpu/plan/kernel';
import { Plan } from '../../lib/gpu/plan/plan';

/** One kernel of a step, measured alone. Kernels of different layers that do the same work are one. */
export interface KernelTime {
  /** Operation and place, without the layer's number. */
  readonly label: string;
  /** Dispatches of it in a step. */
  readonly count: number;
  /** Of one dispatch, the fastest of several rounds. */
  readonly milliseconds: number;
  readonly millisecondsPerStep: number;
  /** 10^9 floating-point operations a second; a multiply-add is two. */
  readonly gflops: number;
}

/** Dispatches in a round: enough that the submit around them does not count. */
const copies = 8;
const rounds = 4;

/**
 * Times each distinct kernel of a plan by running it alone, several times in one submit. Persistent tensors are the
 * store's and get overwritten; transient ones hold zeros.
 * @returns slowest share of a step first
 */
export async function timeKernels(
  store: BufferStore,
  plan: Plan,
  scalars: StepScalars
): Promise<KernelTime[]> {
  const distinct = new Map<string, { kernel: Kernel; label: string; count: number }>();
  for (const command of plan.commands) {
    if (command.kind !== 'dispatch') continue;
    const { kernel } = command;
    const label = kernel.label.replace(/ layer \d+/, '');
    const key = `${label} ${JSON.stringify(kernel.params)} ${kernel.workgroups.join()}`;
    const found = distinct.get(key);
    if (found) found.count++;
    else distinct.set(key, { kernel, label, count: 1 });
  }
  const times: KernelTime[] = [];
  for (const { kernel, label, count } of distinct.values()) {
    const milliseconds = await timeKernel(store, kernel, scalars);
    times.push({
      label,
      count,
      milliseconds,
      millisecondsPerStep: milliseconds * count,
      gflops: kernel.flops / milliseconds / 1e6
    });
  }
  return times.sort((a, b) => b.millisecondsPerStep - a.millisecondsPerStep);
}

async function timeKernel(store: BufferStore, kernel: Kernel, scalars: StepScalars): Promise<number> {
  const { raw, answer } = store.device;
  const plan = new Plan();
  for (let i = 0; i < copies; i++) plan.add(kernel);
  const built = await plan.build(store.device, store);
  try {
    let best = Infinity;
    // The first round warms caches up.
    for (let round = 0; round <= rounds; round++) {
      const started = performance.now();
      built.replay(scalars);
      await answer(raw.queue.onSubmittedWorkDone());
      if (round > 0) best = Math.min(best, (performance.now() - started) / copies);
    }
    return best;
  } finally {
    built.destroy();
  }
}
