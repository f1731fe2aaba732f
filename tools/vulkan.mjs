/**
 * Finds a Vulkan driver that Dawn (the `webgpu` package) accepts, so that the engine runs in Node.
 * On macOS and Windows Dawn uses Metal and Direct3D, and nothing has to be found.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserFolders, packagedSwiftShader } from './browser.mjs';

const probeScript = join(dirname(fileURLToPath(import.meta.url)), 'probe-adapter.mjs');
const probeLimitMs = 30_000;

/**
 * @typedef {object} Adapter
 * @property {string} vendor
 * @property {string} architecture
 * @property {string} description
 *
 * @typedef {object} Driver
 * @property {string} source where the driver was found, for people
 * @property {Record<string, string>} env what a process must be started with to use it
 * @property {Adapter} adapter
 * @property {string} [note] what a person should know about the choice
 *
 * @typedef {object} Candidate
 * @property {string} source
 * @property {Record<string, string>} env
 */

/**
 * What Dawn finds in a process with this environment. A process of its own, because a driver may crash or
 * hang, and because LD_LIBRARY_PATH is read only when a process starts.
 * @param {Record<string, string>} env
 * @returns {Promise<Adapter | undefined>}
 */
function probe(env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [probeScript], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: probeLimitMs,
      killSignal: 'SIGKILL'
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code === 0 ? JSON.parse(output) : undefined));
  });
}

/** @param {string} folder */
function libraryPath(folder) {
  return [folder, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
}

/** Manifests that vendors put where no Vulkan loader looks: NVIDIA's container runtime does. */
const strayManifests = ['/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json'];

/** @returns {AsyncGenerator<Candidate>} in order of preference */
async function* candidates() {
  const bare = process.env['TABTUNE_VULKAN'] === 'npm';
  if (!bare) yield { source: 'the system', env: {} };
  if (process.platform !== 'linux') return;
  const packaged = await packagedSwiftShader();
  if (!bare) {
    const folders = browserFolders();
    // The loader, libvulkan.so.1, is a package of its own that many machines with a driver lack; browsers bring one.
    const loaders = [...folders, packaged ?? '']
      .filter((folder) => existsSync(join(folder, 'libvulkan.so.1')))
      .slice(0, 1);
    for (const manifest of strayManifests.filter((path) => existsSync(path))) {
      yield { source: manifest, env: { VK_DRIVER_FILES: manifest } };
      for (const folder of loaders) {
        yield {
          source: `${manifest} with the loader in ${folder}`,
          env: { VK_DRIVER_FILES: manifest, LD_LIBRARY_PATH: libraryPath(folder) }
        };
      }
    }
    for (const folder of loaders) {
      yield {
        source: `the system, with the loader in ${folder}`,
        env: { LD_LIBRARY_PATH: libraryPath(folder) }
      };
    }
    for (const folder of folders) {
      const manifest = join(folder, 'vk_swiftshader_icd.json');
      if (existsSync(manifest)) {
        yield {
          source: `SwiftShader in ${folder}`,
          env: { VK_DRIVER_FILES: manifest, LD_LIBRARY_PATH: libraryPath(folder) }
        };
      }
    }
  }
  if (packaged) {
    yield {
      source: 'SwiftShader from the npm package @sparticuz/chromium',
      env: {
        VK_DRIVER_FILES: join(packaged, 'vk_swiftshader_icd.json'),
        LD_LIBRARY_PATH: libraryPath(packaged)
      }
    };
  }
}

/**
 * The first driver that gives an adapter: the system's own (VK_DRIVER_FILES is respected, a real GPU comes
 * before a software one), else a browser's SwiftShader, else the one that npm brought.
 * TABTUNE_VULKAN=npm skips to the last, to test what a bare machine has.
 * @returns {Promise<Driver | undefined>}
 */
export async function findVulkan() {
  for await (const candidate of candidates()) {
    const adapter = await probe(candidate.env);
    if (!adapter) continue;
    const asked = process.env['VK_DRIVER_FILES'];
    return asked && candidate.env['VK_DRIVER_FILES']
      ? {
          ...candidate,
          adapter,
          note: `VK_DRIVER_FILES=${asked} gives no adapter: using ${candidate.source} instead.`
        }
      : { ...candidate, adapter };
  }
  return undefined;
}

/** What to tell a person whose machine has nothing. */
export const noVulkanMessage = [
  'No Vulkan driver was found that WebGPU in Node can use. Install one of:',
  '  - the driver of your GPU (NVIDIA, or mesa-vulkan-drivers for AMD and Intel), with libvulkan1;',
  '  - Mesa 23 or newer for its software driver: mesa-vulkan-drivers and libvulkan1',
  '    (on Debian 12: apt install -t bookworm-backports mesa-vulkan-drivers libvulkan1);',
  '  - Chromium or Chrome, which bring SwiftShader (apt install chromium);',
  '  - the development dependencies (npm ci), one of which brings SwiftShader on 64-bit Intel Linux.',
  'Set VK_DRIVER_FILES to a driver manifest (.json) to choose one yourself.'
].join('\n');
