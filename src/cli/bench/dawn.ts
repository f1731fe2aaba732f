import { create, globals } from 'webgpu';
import { Device } from '../../lib/gpu/device';

/** Opens this machine's GPU through Dawn, and gives Node WebGPU's constants. */
export function openDawn(): Promise<Device> {
  const gpu = create([]);
  // Dawn ends with its GPU object, and every device with it: it must stay reachable.
  Object.assign(globalThis, globals, { gpu });
  return Device.open(gpu);
}
