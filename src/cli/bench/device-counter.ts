/** What a device was asked to make, and the buffers among it that are alive. */
export interface DeviceCounts {
  /** Calls of createBuffer, createBindGroup, createComputePipeline(Async) and createShaderModule. */
  readonly made: number;
  readonly liveBytes: number;
  readonly peakBytes: number;
}

/**
 * Counts on the device itself: its own methods are put behind counting ones. A buffer is alive until `destroy`.
 * @returns the counts as they are at the time of the call
 */
export function countDevice(device: GPUDevice): () => DeviceCounts {
  let made = 0;
  let liveBytes = 0;
  let peakBytes = 0;
  const before = (
    name: 'createBindGroup' | 'createComputePipeline' | 'createComputePipelineAsync' | 'createShaderModule'
  ) => {
    const original = device[name].bind(device) as (descriptor: object) => unknown;
    Object.defineProperty(device, name, {
      configurable: true,
      value: (descriptor: object) => {
        made++;
        return original(descriptor);
      }
    });
  };
  (
    ['createBindGroup', 'createComputePipeline', 'createComputePipelineAsync', 'createShaderModule'] as const
  ).forEach(before);

  const createBuffer = device.createBuffer.bind(device);
  Object.defineProperty(device, 'createBuffer', {
    configurable: true,
    value: (descriptor: GPUBufferDescriptor) => {
      const buffer = createBuffer(descriptor);
      const { size } = buffer;
      const destroy = buffer.destroy.bind(buffer);
      let alive = true;
      made++;
      liveBytes += size;
      peakBytes = Math.max(peakBytes, liveBytes);
      Object.defineProperty(buffer, 'destroy', {
        value: () => {
          if (alive) liveBytes -= size;
          alive = false;
          destroy();
        }
      });
      return buffer;
    }
  });
  return () => ({ made, liveBytes, peakBytes });
}
