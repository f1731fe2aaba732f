/** The benchmark inside a dedicated worker of a page, where the product computes too. */
import { Device } from '../../lib/gpu/device';
import { measure, type BenchRequest } from './measure';

self.addEventListener('message', (event: MessageEvent<BenchRequest>) => {
  void run(event.data).then(
    (result) => self.postMessage({ result }),
    (error: unknown) =>
      self.postMessage({ error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
  );
});

async function run(request: BenchRequest) {
  const device = await Device.open(navigator.gpu);
  try {
    return await measure(device, request);
  } finally {
    device.destroy();
  }
}
