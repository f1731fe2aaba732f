/**
 * How kernels are laid out on a device.
 * - `cooperative`: a workgroup shares rows and tiles through workgroup memory and barriers; right for GPUs.
 * - `serial`: an invocation works alone on a larger piece in registers; right for software adapters (SwiftShader,
 *   lavapipe), where a barrier costs more than the arithmetic between two of them.
 */
export type Style = 'cooperative' | 'serial';
