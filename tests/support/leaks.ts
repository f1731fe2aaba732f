/** Counts what a device is asked to make, and how much of it is still alive. */

export interface DeviceCounts {
  /** Buffers made and not destroyed. */
  liveBuffers: number;
  /** Their bytes. */
  liveBytes: number;
  /** The most bytes that were alive at once since the counter was made. */
  peakBytes: number;
  /** Calls so far. Pipelines count whether made at once or asynchronously. */
  createBuffer: number;
  createBindGroup: number;
  createComputePipeline: number;
}

export interface DeviceCounter {
  /** The device to hand to the code under test. */
  readonly device: GPUDevice;
  /** A copy of the counts as they are now. */
  counts(): DeviceCounts;
}

/**
 * Counts on the device itself, by putting counting methods before its own: what is handed on is a real GPUDevice,
 * which a proxy would not be (WebGPU refuses objects that are not its own).
 * A buffer counts as alive until `destroy()` is called on it: garbage collection is no release to rely on.
 */
export function countDevice(device: GPUDevice): DeviceCounter {
  const counts: DeviceCounts = {
    liveBuffers: 0,
    liveBytes: 0,
    peakBytes: 0,
    createBuffer: 0,
    createBindGroup: 0,
    createComputePipeline: 0
  };

  const createBuffer = device.createBuffer.bind(device);
  const counted = (descriptor: GPUBufferDescriptor): GPUBuffer => {
    const buffer = createBuffer(descriptor);
    counts.createBuffer += 1;
    counts.liveBuffers += 1;
    counts.liveBytes += buffer.size;
    counts.peakBytes = Math.max(counts.peakBytes, counts.liveBytes);
    const destroy = buffer.destroy.bind(buffer);
    let alive = true;
    Object.defineProperty(buffer, 'destroy', {
      value: () => {
        if (alive) {
          alive = false;
          counts.liveBuffers -= 1;
          counts.liveBytes -= buffer.size;
        }
        return destroy();
      }
    });
    return buffer;
  };

  const createBindGroup = device.createBindGroup.bind(device);
  const createComputePipeline = device.createComputePipeline.bind(device);
  const createComputePipelineAsync = device.createComputePipelineAsync.bind(device);
  Object.defineProperties(device, {
    createBuffer: { value: counted, configurable: true },
    createBindGroup: {
      value: (descriptor: GPUBindGroupDescriptor) => {
        counts.createBindGroup += 1;
        return createBindGroup(descriptor);
      },
      configurable: true
    },
    createComputePipeline: {
      value: (descriptor: GPUComputePipelineDescriptor) => {
        counts.createComputePipeline += 1;
        return createComputePipeline(descriptor);
      },
      configurable: true
    },
    createComputePipelineAsync: {
      value: (descriptor: GPUComputePipelineDescriptor) => {
        counts.createComputePipeline += 1;
        return createComputePipelineAsync(descriptor);
      },
      configurable: true
    }
  });

  return { device, counts: () => ({ ...counts }) };
}
