/** What tests of the GPU worker share: a site with the starter model, locks, and a service whose GPU is a script. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Store } from '../datanets/store/store';
import { MemoryFileCache } from '../formats/file-cache';
import type { Device } from '../gpu/device';
import { guardAnswers } from '../gpu/device-lost';
import type { GpuJobs } from './gpu-jobs';
import { GpuService } from './gpu-service';
import { HubLibrary } from './hub-library';
import type { Patience } from './recovery';
import { lockManager } from './testing-locks';

const root = fileURLToPath(new URL('../../../static/', import.meta.url));
const site = 'https://tabtune.test/';

export const starterModel = { kind: 'starter' as const, folder: `${site}starter/model/` };

/** `fetch` of a site that serves the files of `static`. */
export async function fetchStatic(address: string): Promise<Response> {
  const bytes = await readFile(root + address.slice(site.length)).catch(() => undefined);
  return bytes ? new Response(bytes) : new Response('', { status: 404 });
}

/** A browser that offers its GPU again soon, or never: nobody waits for minutes in a test. */
export const shortPatience: Patience = { first: 1, longest: 1, all: 3 };

/** A worker's service over a store; what `jobs` lacks fails when it is called. */
export function gpuServiceWith(store: Store, jobs: Partial<GpuJobs>, locks = lockManager()): GpuService {
  const all = { openDevice: async () => fakeDevice().device, ...jobs } as GpuJobs;
  const library = new HubLibrary(new MemoryFileCache());
  return new GpuService({
    ...{ jobs: all, locks, store: Promise.resolve(store), library },
    patience: shortPatience
  });
}

/** A device that can be lost, and what then becomes of who waits for it. */
export interface FakeDevice {
  readonly device: Device;
  /** Loses the device while it is waited for, as Chromium does. @throws DeviceLostError */
  lose(): Promise<never>;
}

export function fakeDevice(): FakeDevice {
  let tellLoss!: (info: GPUDeviceLostInfo) => void;
  const info = { reason: 'unknown', message: 'A valid external Instance reference no longer exists.' };
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => (tellLoss = resolve));
  const answer = guardAnswers(lost);
  const device = { lost: lost.then(() => undefined), answer, destroy: () => undefined } as unknown as Device;
  return {
    device,
    lose: () => {
      const words = `Failed to execute 'mapAsync' on 'GPUBuffer': ${info.message}`;
      const mapping = answer(Promise.reject<never>(new DOMException(words, 'AbortError')));
      tellLoss(info as GPUDeviceLostInfo);
      return mapping;
    }
  };
}
