/** A headless Chromium with WebGPU for end-to-end tests. */
import { chromium, type BrowserContext } from 'playwright-core';
import { findBrowser, noBrowserMessage, webgpuFlags } from '../../tools/browser.mjs';

export interface LaunchOptions {
  viewport?: { width: number; height: number };
  /** Keep the profile in this folder, to close the browser and come back to what it stored. */
  profile?: string;
  /** Leave WebGPU out, to see what the page says then. */
  withoutWebgpu?: boolean;
  colorScheme?: 'light' | 'dark';
  /** What pages are told the language is, such as `en-US@posix`, as Chromium calls that of a Linux without a locale. */
  language?: string;
  /** More flags for the browser. */
  args?: readonly string[];
}

/** Opens a browser with a profile of its own, found as described in tools/browser.mjs. Close it when done. */
export async function launchBrowser(options: LaunchOptions = {}): Promise<BrowserContext> {
  const browser = await findBrowser();
  if (!browser) throw new Error(noBrowserMessage);
  const env = { ...process.env, ...browser.env } as Record<string, string>;
  const context = await chromium.launchPersistentContext(options.profile ?? '', {
    executablePath: browser.path,
    headless: true,
    args: [
      ...(options.withoutWebgpu ? ['--no-sandbox', '--disable-features=WebGPU'] : webgpuFlags()),
      ...(options.args ?? [])
    ],
    env,
    viewport: options.viewport ?? { width: 1280, height: 800 },
    colorScheme: options.colorScheme ?? 'light',
    // Else the system's: the tests hold in any.
    ...(process.env['TABTUNE_LOCALE'] ? { locale: process.env['TABTUNE_LOCALE'] } : {}),
    acceptDownloads: true
  });
  if (options.language !== undefined) {
    await context.addInitScript((language) => {
      Object.defineProperty(Navigator.prototype, 'language', { get: () => language, configurable: true });
    }, options.language);
  }
  return context;
}
