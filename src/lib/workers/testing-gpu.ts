/** What tests of the GPU worker share: a site with the starter model, locks, and a service whose GPU is a script. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Store } from '../datanets/store/store';
import { MemoryFileCache } from '../formats/file-cache';
import type { Device } from '../gpu/device';
import type { GpuJobs } from './gpu-jobs';
import { GpuService } from './gpu-service';
import { HubLibrary } from './hub-library';
import { lockManager } from './testing-locks';

const root = fileURLToPath(new URL('../../../static/', import.meta.url));
const site = 'https://tabtune.test/';

export const starterModel = { kind: 'starter' as const, folder: `${site}starter/model/` };

/** `fetch` of a site that serves the files of `static`. */
export async function fetchStatic(address: string): Promise<Response> {
  const bytes = await readFile(root + address.slice(site.length)).catch(() => undefined);
  return bytes ? new Response(bytes) : new Response('', { status: 404 });
}

/** A worker's service over a store; what `jobs` lacks fails when it is called. */
export function gpuServiceWith(store: Store, jobs: Partial<GpuJobs>, locks = lockManager()): GpuService {
  const device = { lost: new Promise(() => undefined), destroy: () => undefined } as unknown as Device;
  const all = { openDevice: async () => device, ...jobs } as GpuJobs;
  const library = new HubLibrary(new MemoryFileCache());
  return new GpuService({ jobs: all, locks, store: Promise.resolve(store), library });
}
