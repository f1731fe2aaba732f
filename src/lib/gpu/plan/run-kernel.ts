import type { Device } from '../device';
import { defaultStepScalars, type Kernel, type StepScalars } from './kernel';
import { Plan } from './plan';
import type { Tensor } from './tensor';

/** Host values of a tensor: f32 and f16 tensors as Float32Array, u32 tensors as Uint32Array. */
export type HostValues = ReadonlyMap<Tensor, Float32Array | Uint32Array>;

/**
 * Runs kernels once, one after another, on given inputs and reads tensors back. For tests, benchmarks and the start-up
 * self-test: a training step replays a {@link Plan} instead.
 *
 * Every tensor that is not among `inputs` is filled with NaN bits first, so that a kernel that reads what it did not
 * write is found out.
 */
export async function runKernels(
  device: Device,
  kernels: readonly Kernel[],
  inputs: HostValues,
  outputs: readonly Tensor[],
  scalars: Partial<StepScalars> = {}
): Promise<Map<Tensor, Float32Array | Uint32Array>> {
  const plan = new Plan();
  for (const kernel of kernels) plan.add(kernel);
  for (const tensor of [...inputs.keys(), ...outputs]) plan.keep(tensor);
  const built = await plan.build(device);
  try {
    built.poison();
    for (const [tensor, values] of inputs) built.write(tensor, values);
    built.replay({ ...defaultStepScalars, ...scalars });
    const results = new Map<Tensor, Float32Array | Uint32Array>();
    for (const tensor of outputs) results.set(tensor, await built.read(tensor));
    return results;
  } finally {
    built.destroy();
  }
}
