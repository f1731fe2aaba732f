/** One device per test file, in Chromium and in Node alike, that fails the test on any error nobody caught. */
import { afterAll, afterEach } from 'vitest';

/** Features the engine knows how to use. */
const wantedFeatures: GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

export interface TestDeviceOptions {
  /** Features to leave out although the adapter has them, to test the plain path. */
  without?: GPUFeatureName[];
  /** Limits lower than the adapter's own, to test what a small GPU sees. */
  limits?: Record<string, number>;
}

/** This environment's WebGPU: the browser's, or Dawn's in Node. */
export function testGpu(): GPU {
  if (!('gpu' in navigator)) {
    throw new Error('This environment has no WebGPU: run the test in the project dawn or chromium.');
  }
  return navigator.gpu;
}

/** The adapter's limits as WebGPU accepts them in requestDevice. */
export function adapterLimits(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value: unknown = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') limits[name] = value;
  }
  return limits;
}

/**
 * A device with the adapter's own limits and those of `shader-f16`, `subgroups` and `timestamp-query` that it has.
 * Call it once per file, in `beforeAll` or at the top of the file: it is destroyed after the file's last test,
 * and a validation, memory or internal error that no error scope caught fails the test in which it arrived.
 */
export async function testDevice(options: TestDeviceOptions = {}): Promise<GPUDevice> {
  const adapter = await testGpu().requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('WebGPU gave no adapter: see "Running the tests" in CONTRIBUTING.md.');
  const device = await adapter.requestDevice({
    label: 'test device',
    requiredFeatures: wantedFeatures.filter(
      (feature) => adapter.features.has(feature) && !options.without?.includes(feature)
    ),
    requiredLimits: { ...adapterLimits(adapter), ...options.limits }
  });
  watch(device);
  return device;
}

/**
 * Mesa's lavapipe turns a kernel with barriers into LLVM coroutines, which takes it up to a minute a kernel. Such kernels
 * are tested on SwiftShader, in Chromium.
 */
export function barriersCompileSlowly(device: {
  readonly description: { readonly description: string };
}): boolean {
  return /llvmpipe/i.test(device.description.description);
}

interface Watched {
  device: GPUDevice;
  problems: string[];
}

/** This file's devices; vitest loads this module anew for every test file. */
const watched: Watched[] = [];

function watch(device: GPUDevice): void {
  const problems: string[] = [];
  device.addEventListener('uncapturederror', (event) => {
    problems.push(`${event.error.constructor.name}: ${event.error.message}`);
  });
  void device.lost.then((info) => {
    if (info.reason !== 'destroyed') problems.push(`the device was lost (${info.reason}): ${info.message}`);
  });
  watched.push({ device, problems });
}

/** Waits until the GPU is idle: errors arrive in order with the queue, so all of them are here then. */
async function report(): Promise<void> {
  await Promise.all(watched.map(({ device }) => device.queue.onSubmittedWorkDone()));
  const found = watched.flatMap(({ problems }) => problems.splice(0));
  if (found.length > 0) throw new Error(`Uncaptured GPU errors:\n${found.join('\n')}`);
}

afterEach(report);

afterAll(async () => {
  try {
    await report();
  } finally {
    for (const { device } of watched.splice(0)) device.destroy();
  }
});
