import { sveltekit } from '@sveltejs/kit/vite';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { findBrowser, webgpuFlags } from './tools/browser.mjs';

const gpuTests = ['src/**/*.gpu.test.ts', 'tests/**/*.gpu.test.ts'];

export default defineConfig(async () => {
  const browser = process.env['VITEST'] ? await findBrowser() : undefined;
  return {
    plugins: [sveltekit()],
    build: {
      target: 'es2023',
      // Character maps of PDFs are fetched, and the page's rules let nothing be fetched from a data: address.
      assetsInlineLimit: (path: string) => (path.endsWith('.bcmap') ? false : undefined),
      // Errors are told apart by their class names, on both sides of a worker.
      rolldownOptions: { output: { keepNames: true }, checks: { pluginTimings: false } }
    },
    worker: {
      format: 'es' as const,
      rolldownOptions: { output: { keepNames: true }, checks: { pluginTimings: false } }
    },
    test: {
      passWithNoTests: true,
      projects: [
        {
          plugins: [sveltekit()],
          test: {
            name: 'unit',
            environment: 'node',
            include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
            exclude: ['**/*.gpu.test.ts', 'tests/chain/**', '**/node_modules/**'],
            // They take seconds at most; the machine may be busy.
            testTimeout: 30_000,
            sequence: { groupOrder: 1 }
          }
        },
        {
          plugins: [sveltekit()],
          test: {
            name: 'chain',
            environment: 'node',
            include: ['tests/chain/**/*.test.ts'],
            // A chain on this machine answers at once; the machine may be busy.
            testTimeout: 60_000,
            hookTimeout: 60_000,
            sequence: { groupOrder: 1 }
          }
        },
        {
          test: {
            name: 'dawn',
            environment: 'node',
            include: gpuTests,
            globalSetup: './tests/support/dawn.global.ts',
            setupFiles: './tests/support/dawn.setup.ts',
            runner: './tests/support/dawn.runner.ts',
            // A software driver uses every core for one dispatch: files side by side gain nothing.
            maxWorkers: 1,
            testTimeout: 240_000,
            hookTimeout: 240_000,
            sequence: { groupOrder: 2 }
          }
        },
        {
          test: {
            name: 'chromium',
            include: gpuTests,
            globalSetup: './tests/support/chromium.global.ts',
            fileParallelism: false,
            testTimeout: 240_000,
            hookTimeout: 240_000,
            sequence: { groupOrder: 3 },
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              provider: playwright({
                launchOptions: {
                  executablePath: browser?.path,
                  args: webgpuFlags(),
                  env: { ...process.env, ...browser?.env } as Record<string, string>
                }
              }),
              instances: [{ browser: 'chromium' as const }]
            }
          }
        },
        {
          test: {
            name: 'e2e',
            environment: 'node',
            include: ['tests/e2e/**/*.e2e.ts'],
            globalSetup: './tests/support/e2e.global.ts',
            fileParallelism: false,
            maxWorkers: 1,
            testTimeout: 600_000,
            hookTimeout: 600_000,
            sequence: { groupOrder: 4, concurrent: false }
          }
        }
      ]
    }
  };
});
