import type { Device } from '../device';
import { f16BitsToF32, packF16 } from './float16';
import { tensorBytes, type Tensor } from './tensor';

/**
 * GPU buffers of tensors that outlive a plan: weights, adapter, optimizer state. Whoever makes the store destroys it.
 * A store on top of another one finds what lies there and adds only its own: a generator's cache over shared weights.
 */
export class BufferStore {
  readonly device: Device;
  readonly #below: BufferStore | undefined;
  readonly #buffers = new Map<Tensor, GPUBuffer>();

  constructor(device: Device, below?: BufferStore) {
    this.device = device;
    this.#below = below;
  }

  /** Bytes of this store's own buffers. */
  get bytes(): number {
    let total = 0;
    for (const buffer of this.#buffers.values()) total += buffer.size;
    return total;
  }

  has(tensor: Tensor): boolean {
    return this.#buffers.has(tensor) || this.#below?.has(tensor) === true;
  }

  get(tensor: Tensor): GPUBuffer {
    const buffer =
      this.#buffers.get(tensor) ?? (this.#below?.has(tensor) ? this.#below.get(tensor) : undefined);
    if (!buffer) throw new RangeError(`no memory was allocated for tensor ${tensor.label}`);
    return buffer;
  }

  /** Makes the tensor's buffer unless it exists. Zeroed, as WebGPU guarantees. */
  ensure(tensor: Tensor): GPUBuffer {
    if (this.#below?.has(tensor)) return this.#below.get(tensor);
    let buffer = this.#buffers.get(tensor);
    if (!buffer) {
      buffer = createTensorBuffer(this.device.raw, tensor.label, tensorBytes(tensor));
      this.#buffers.set(tensor, buffer);
    }
    return buffer;
  }

  destroy(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
  }
}

export function createTensorBuffer(device: GPUDevice, label: string, bytes: number): GPUBuffer {
  return device.createBuffer({
    label,
    size: bytes,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  });
}

/** Host values in a tensor's own storage: f16 tensors are rounded, the others copied as they are. */
export function toStorage(tensor: Tensor, values: Float32Array | Uint32Array): ArrayBufferView<ArrayBuffer> {
  if (tensor.dtype === 'f16') return packF16(values);
  const typed = tensor.dtype === 'u32' ? Uint32Array.from(values) : Float32Array.from(values);
  return typed;
}

/** Reads a tensor back from its buffer. Waits for all work that was submitted before. @throws DeviceLostError */
export async function readTensor(
  { raw: device, answer }: Device,
  buffer: GPUBuffer,
  tensor: Tensor
): Promise<Float32Array | Uint32Array> {
  const bytes = tensorBytes(tensor);
  const staging = device.createBuffer({
    size: bytes,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
  });
  try {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await answer(staging.mapAsync(GPUMapMode.READ));
    const bits = staging.getMappedRange().slice(0);
    if (tensor.dtype === 'u32') return new Uint32Array(bits, 0, tensor.length);
    if (tensor.dtype === 'f32') return new Float32Array(bits, 0, tensor.length);
    return Float32Array.from(new Uint16Array(bits, 0, tensor.length), f16BitsToF32);
  } finally {
    staging.destroy();
  }
}
