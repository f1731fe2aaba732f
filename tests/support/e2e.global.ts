/**
 * Runs once before the project `e2e`: builds the site and serves it as `npm start` does.
 * TABTUNE_BUILD=existing takes build/ as it is.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { serve } from '../../tools/serve.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the built site is served, with a slash at the end. */
    siteUrl: string;
  }
}

const root = fileURLToPath(new URL('../../', import.meta.url));

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.env['TABTUNE_BUILD'] !== 'existing') await build();
  const { url, close } = await serve({ folder: join(root, 'build'), port: 0 });
  project.provide('siteUrl', url);
  return close;
}

/** In a process of its own: vitest's environment variables would make it a build for tests. */
function build(): Promise<void> {
  const vite = createRequire(import.meta.url).resolve('vite/package.json');
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== 'NODE_ENV' && !name.startsWith('VITEST'))
  );
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [join(dirname(vite), 'bin', 'vite.js'), 'build', '--logLevel', 'warn'],
      { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] }
    );
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`vite build ended with ${code}: see its output above.`));
    });
  });
}
