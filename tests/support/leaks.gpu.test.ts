import { beforeAll, describe, expect, it } from 'vitest';
import { testDevice } from './device';
import { countDevice, type DeviceCounter } from './leaks';

describe('countDevice', () => {
  let counter: DeviceCounter;
  beforeAll(async () => {
    counter = countDevice(await testDevice());
  });

  it('counts buffers, their bytes and the peak, and each destroyed buffer once', () => {
    const { device } = counter;
    const before = counter.counts();
    const a = device.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE });
    const b = device.createBuffer({ size: 64, usage: GPUBufferUsage.STORAGE });
    a.destroy();
    a.destroy();
    const after = counter.counts();
    expect(after.createBuffer - before.createBuffer).toBe(2);
    expect(after.liveBuffers - before.liveBuffers).toBe(1);
    expect(after.liveBytes - before.liveBytes).toBe(64);
    expect(after.peakBytes).toBeGreaterThanOrEqual(320);
    b.destroy();
    expect(counter.counts().liveBytes).toBe(before.liveBytes);
  });

  it('computes with the counted device and counts its pipelines and bind groups', async () => {
    const { device } = counter;
    const before = counter.counts();
    const code = `@group(0) @binding(0) var<storage, read_write> x: array<u32>;
      @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] = id.x * id.x; }`;
    const pipeline = await device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code }) }
    });
    const result = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
    const staging = device.createBuffer({
      size: 16,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    });
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: result } }]
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(1);
    pass.end();
    encoder.copyBufferToBuffer(result, 0, staging, 0, 16);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    expect([...new Uint32Array(staging.getMappedRange())]).toEqual([0, 1, 4, 9]);
    staging.unmap();
    result.destroy();
    staging.destroy();
    const after = counter.counts();
    expect(after.createComputePipeline - before.createComputePipeline).toBe(1);
    expect(after.createBindGroup - before.createBindGroup).toBe(1);
    expect(after.liveBuffers).toBe(before.liveBuffers);
  });
});
