/**
 * `node tools/cli.mjs finetune|generate|score|attribute|bench|verify …`: finds a Vulkan driver for those that compute, then runs
 * src/cli/<name>.ts in a process that has it. Says nothing on stdout, which belongs to the command (it may carry JSON).
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findVulkan, noVulkanMessage } from './vulkan.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const commands = ['finetune', 'generate', 'score', 'attribute', 'bench', 'verify'];
/** Reads files and needs no GPU. */
const computes = process.argv[2] !== 'verify';
const [command = '', ...flags] = process.argv.slice(2);
const script = join(root, 'src', 'cli', `${command}.ts`);

if (!commands.includes(command) || !existsSync(script)) {
  process.stderr.write(`Usage: node tools/cli.mjs ${commands.join('|')} [flags]\n`);
  process.exit(2);
}

const driver = computes ? await findVulkan() : undefined;
if (computes && !driver) {
  process.stderr.write(`${noVulkanMessage}\n`);
  process.exit(1);
}
if (driver?.note) process.stderr.write(`${driver.note}\n`);

const child = spawn(process.execPath, ['--import', 'tsx', script, ...flags], {
  stdio: 'inherit',
  // What the launcher found travels along, so that the command can name its driver.
  env: driver ? { ...process.env, ...driver.env, TABTUNE_DRIVER: driver.source } : process.env
});

/** A terminal sends ^C to the whole group, so the command has it already; a plain `kill -INT` reaches only us. */
const terminal = process.stdin.isTTY || process.stderr.isTTY;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !terminal) child.kill(signal);
  });
}

child.on('error', (error) => {
  process.stderr.write(`${process.execPath} could not be started: ${error.message}\n`);
  process.exit(1);
});
child.on('close', (code, signal) => {
  process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0));
});
