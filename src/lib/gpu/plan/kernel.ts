import { bytesPerElement, type Tensor } from './tensor';

/** How a dispatch uses a tensor. Within one dispatch a tensor is bound once. */
export type Access = 'read' | 'write' | 'read_write';

/** One storage binding: the WGSL name under which the body sees the tensor, or a part of it. */
export interface Binding {
  readonly name: string;
  readonly tensor: Tensor;
  readonly access: Access;
  /** WGSL element type of the array; the tensor's dtype when absent. `vec4<f32>`, say, for wide loads. */
  readonly element?: string;
  /** First element of the part that is bound. Its byte offset must be a multiple of 256. */
  readonly offset?: number;
  /** Number of elements of the part that is bound; up to the tensor's end when absent. */
  readonly length?: number;
}

/** A constant of one dispatch, read as `params.name`. Shapes go here, not into the text, so that dispatches share pipelines. */
export type Params = Readonly<Record<string, { readonly u32: number } | { readonly f32: number }>>;

/**
 * One dispatch as data: what it computes, on which tensors, over which grid.
 *
 * `body` is WGSL without the declarations of its bindings. It sees `params` (its own constants), `step` (the scalars of
 * the running step, see {@link stepFields}) and each binding by name. The entry point is called `main`.
 */
export interface Kernel {
  /** Operation and variant, such as `matmul.nf4.register`. */
  readonly label: string;
  /** Often a getter: planning a run's memory needs shapes only, and must not spell out a thousand kernels. */
  readonly body: string;
  readonly bindings: readonly Binding[];
  readonly params: Params;
  readonly workgroups: readonly [number, number, number];
  /** Floating-point operations (a multiply-add is two) of one dispatch on full shapes; for reports only. */
  readonly flops: number;
}

/**
 * Scalars that change from step to step. They are the only thing that is written, besides the tokens, before a replay.
 * Kept in one uniform struct that every kernel sees as `step`.
 */
export const stepFields = {
  /** Live rows of token-shaped tensors: rows at or past it hold padding and may be skipped. */
  tokens: 'u32',
  /** Live rows of tensors that hold trained tokens only (the loss head). */
  trained: 'u32',
  /** Tokens already in the key-value cache (generation); 0 in training. */
  past: 'u32',
  /** Seed of this micro-step's dropout masks. */
  seed: 'u32',
  /** 0: gradients are overwritten; 1: added to (gradient accumulation). */
  accumulate: 'u32',
  /** Optimizer step, from 1 (AdamW's bias correction). */
  iteration: 'u32',
  /** 1 / trained tokens of the whole accumulated batch: the weight of each token's loss. */
  lossWeight: 'f32',
  learningRate: 'f32',
  /** 1 - beta1^iteration and 1 - beta2^iteration, computed in float64. */
  biasCorrection1: 'f32',
  biasCorrection2: 'f32',
  weightDecay: 'f32',
  /** Largest allowed gradient norm; 0 turns clipping off. */
  maxGradNorm: 'f32',
  /** Which row of a result that is collected over replays this one writes. */
  row: 'u32'
} as const;

export type StepScalars = { -readonly [K in keyof typeof stepFields]: number };

export const defaultStepScalars: StepScalars = {
  tokens: 0,
  trained: 0,
  past: 0,
  seed: 0,
  accumulate: 0,
  iteration: 1,
  lossWeight: 1,
  learningRate: 0,
  biasCorrection1: 1,
  biasCorrection2: 1,
  weightDecay: 0,
  maxGradNorm: 0,
  row: 0
};

/** Uniform offsets must be multiples of this (minUniformBufferOffsetAlignment's default). */
export const uniformStride = 256;

/** Bytes of the `step` uniform, padded to WebGPU's 16-byte rule. */
export const stepBytes = Math.ceil((Object.keys(stepFields).length * 4) / 16) * 16;

/** Packs step scalars in the order of {@link stepFields}. */
export function packStep(scalars: StepScalars): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(stepBytes));
  Object.entries(stepFields).forEach(([name, type], index) => {
    const value = scalars[name as keyof StepScalars];
    if (type === 'u32') view.setUint32(index * 4, value, true);
    else view.setFloat32(index * 4, value, true);
  });
  return view.buffer as ArrayBuffer;
}

/** Packs a kernel's constants in the order in which they were written; at least 16 bytes. */
export function packParams(params: Params): ArrayBuffer {
  const entries = Object.values(params);
  const view = new DataView(new ArrayBuffer(Math.max(16, Math.ceil((entries.length * 4) / 16) * 16)));
  entries.forEach((value, index) => {
    if ('u32' in value) view.setUint32(index * 4, value.u32, true);
    else view.setFloat32(index * 4, value.f32, true);
  });
  return view.buffer as ArrayBuffer;
}

function structText(name: string, fields: readonly (readonly [string, string])[]): string {
  const lines = fields.map(([field, type]) => `  ${field}: ${type},`);
  return `struct ${name} {\n${lines.join('\n')}\n}`;
}

/**
 * The whole WGSL of a kernel: feature enables, the `params` and `step` uniforms at bindings 0 and 1, the storage
 * bindings from 2 in their order, then the body.
 */
export function kernelSource(kernel: Kernel): string {
  const usesF16 = kernel.bindings.some((b) => elementType(b).includes('f16'));
  const params = Object.entries(kernel.params).map(
    ([name, value]) => [name, 'u32' in value ? 'u32' : 'f32'] as const
  );
  const bindings = kernel.bindings.map(
    (b, index) =>
      `@group(0) @binding(${index + 2}) var<storage, ${b.access === 'read' ? 'read' : 'read_write'}> ${b.name}: array<${elementType(b)}>;`
  );
  return [
    ...(usesF16 ? ['enable f16;'] : []),
    ...(kernel.body.includes('subgroup') ? ['enable subgroups;'] : []),
    structText('Params', params.length ? params : [['none', 'u32']]),
    structText('Step', Object.entries(stepFields)),
    '@group(0) @binding(0) var<uniform> params: Params;',
    '@group(0) @binding(1) var<uniform> step: Step;',
    ...bindings,
    kernel.body
  ].join('\n');
}

export function elementType(binding: Binding): string {
  return binding.element ?? binding.tensor.dtype;
}

/** Byte range of a binding within its tensor. */
export function bindingRange(binding: Binding): { offset: number; size: number } {
  const width = bytesPerElement[binding.tensor.dtype];
  const offset = (binding.offset ?? 0) * width;
  const length = binding.length ?? binding.tensor.length - (binding.offset ?? 0);
  return { offset, size: Math.ceil((Math.max(length, 1) * width) / 4) * 4 };
}
