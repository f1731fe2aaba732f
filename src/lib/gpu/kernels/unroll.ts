/** Text of `n` unrolled repetitions. Kernels are unrolled here because drivers keep indexed arrays out of registers. */
export function unroll(n: number, line: (i: number) => string, separator = '\n'): string {
  return Array.from({ length: n }, (_, i) => line(i)).join(separator);
}

/** Components of a vec4, for unrolled access. */
export const xyzw = ['x', 'y', 'z', 'w'] as const;

/** `ceil(a / b)` for whole numbers. */
export function ceilDiv(a: number, b: number): number {
  return Math.ceil(a / b);
}

/** Largest grid dimension that WebGPU guarantees. */
const maxGrid = 65535;

/** A grid of `count` workgroups folded into two dimensions; kernels unfold it with {@link workgroupIndex}. */
export function foldGrid(count: number): [number, number, number] {
  const y = ceilDiv(Math.max(count, 1), maxGrid);
  return [ceilDiv(Math.max(count, 1), y), y, 1];
}

/** WGSL of the index that {@link foldGrid} folded; needs the builtins `group: vec3u` and `groups: vec3u`. */
export const workgroupIndex = '(group.x + group.y * groups.x)';

/** The entry point's builtins under the names that kernel bodies use. */
export const builtins =
  '@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32';
