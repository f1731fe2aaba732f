import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findBrowser, webgpuFlags } from '../../tools/browser.mjs';
import { calmPolling } from '../../src/cli/calm-polling.mjs';
import { findVulkan } from '../../tools/vulkan.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** The package that brings a browser and a driver along has them for this platform only. */
const hasPackage = process.platform === 'linux' && process.arch === 'x64';

afterEach(() => vi.unstubAllEnvs());

describe('finding a browser', () => {
  it('takes CHROME_PATH before all else, and says so when it is wrong', async () => {
    vi.stubEnv('CHROME_PATH', process.execPath);
    expect(await findBrowser()).toEqual({ path: process.execPath, from: 'CHROME_PATH', env: {} });
    vi.stubEnv('CHROME_PATH', '/nowhere/chrome');
    await expect(findBrowser()).rejects.toThrow(
      'CHROME_PATH is /nowhere/chrome, which is no executable file'
    );
  });

  it('asks for the software adapter unless told to use the hardware', () => {
    vi.stubEnv('TABTUNE_GPU', '');
    expect(webgpuFlags()).toContain('--use-webgpu-adapter=swiftshader');
    vi.stubEnv('TABTUNE_GPU', 'hardware');
    expect(webgpuFlags()).not.toContain('--use-webgpu-adapter=swiftshader');
  });

  it.skipIf(!hasPackage)(
    'unpacks the one from npm where nothing is installed',
    { timeout: 120_000 },
    async () => {
      vi.stubEnv('CHROME_PATH', '');
      vi.stubEnv('TABTUNE_BROWSER', 'npm');
      const browser = await findBrowser();
      expect(browser?.from).toBe('npm');
      const version = spawnSync(browser!.path, ['--version'], {
        env: { ...process.env, ...browser!.env },
        encoding: 'utf8'
      });
      expect(version.stdout).toMatch(/^(Chromium|HeadlessChrome|Google Chrome).* \d+\./);
    }
  );
});

describe('finding a Vulkan driver', () => {
  it.skipIf(!hasPackage)(
    'computes on the one from npm where nothing is installed',
    { timeout: 120_000 },
    async () => {
      vi.stubEnv('VK_DRIVER_FILES', '');
      vi.stubEnv('TABTUNE_VULKAN', 'npm');
      const driver = await findVulkan();
      expect(driver?.adapter.architecture).toBe('swiftshader');
      expect(existsSync(driver!.env['VK_DRIVER_FILES']!)).toBe(true);
      expect(driver?.note).toBeUndefined();
    }
  );

  it.skipIf(!hasPackage)(
    'says when the driver that was asked for gives nothing',
    { timeout: 120_000 },
    async () => {
      vi.stubEnv('VK_DRIVER_FILES', '/nowhere/icd.json');
      const driver = await findVulkan();
      expect(driver?.note).toContain('VK_DRIVER_FILES=/nowhere/icd.json gives no adapter');
    }
  );
});

describe('the launcher of the command line', () => {
  it('leaves stdout alone and ends with 2 for a command that does not exist', () => {
    const run = spawnSync(process.execPath, ['tools/cli.mjs', 'dance'], { cwd: root, encoding: 'utf8' });
    expect([run.status, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain('finetune|generate|score|attribute|bench|verify');
  });
});

describe('calming the polling of Dawn', () => {
  const original = globalThis.setImmediate;
  afterEach(() => {
    globalThis.setImmediate = original;
    vi.restoreAllMocks();
  });

  it('leaves callbacks of JavaScript alone, their arguments and the promise form', async () => {
    calmPolling();
    expect(await new Promise((resolve) => setImmediate((a, b) => resolve([a, b]), 1, 2))).toEqual([1, 2]);
    expect(await promisify(setImmediate)('value')).toBe('value');
  });

  it('lets a native callback that comes in a row wait', async () => {
    // Time stands still: on a busy machine the calls would not count as a row.
    vi.spyOn(performance, 'now').mockReturnValue(0);
    calmPolling();
    const handed: unknown[] = [];
    const turns = 200;
    await new Promise<void>((done) => {
      // As the binding's own: native by its text, and without a name.
      const poll = Object.defineProperty(
        function (this: void) {
          if (handed.length === turns) done();
          else handed.push(setImmediate(poll));
        }.bind(undefined),
        'name',
        { value: '' }
      );
      poll();
    });
    const kinds = handed.map((handle) => (handle as object).constructor.name);
    expect(kinds.slice(0, 50).every((kind) => kind === 'Immediate')).toBe(true);
    expect(kinds.slice(100).every((kind) => kind === 'Timeout')).toBe(true);
  });
});
