/** Starts the real commands as a person's shell does, and collects what they say. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { findVulkan, noVulkanMessage } from '../../tools/vulkan.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a process needs to compute, or undefined where the machine has no driver at all: said on stderr. */
export async function cliEnvironment(): Promise<NodeJS.ProcessEnv | undefined> {
  // SwiftShader, which npm brings, compiles these few steps in seconds; Mesa's software driver takes minutes.
  vi.stubEnv('TABTUNE_VULKAN', 'npm');
  const packaged = await findVulkan();
  vi.unstubAllEnvs();
  const driver = packaged ?? (await findVulkan());
  if (!driver) process.stderr.write(`cli: tests that compute are skipped. ${noVulkanMessage}\n`);
  return driver && { ...process.env, ...driver.env };
}

/** Runs `node tools/cli.mjs …` to its end. `onError` sees stderr as it grows. */
export function runCli(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; onError?: (text: string, interrupt: () => void) => void } = {}
): Promise<CliResult> {
  return collect(['tools/cli.mjs', ...args], options);
}

/** Runs a command without the launcher, which looks for a driver first: for what ends before a GPU is needed. */
export function runScript(command: string, ...args: string[]): Promise<CliResult> {
  return collect(['--import', 'tsx', `src/cli/${command}.ts`, ...args], {});
}

function collect(
  args: readonly string[],
  {
    env = process.env,
    onError
  }: { env?: NodeJS.ProcessEnv; onError?: (text: string, interrupt: () => void) => void }
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      onError?.(stderr, () => child.kill('SIGINT'));
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
