/** Runs anvil for as long as whoever started this lives: its end closes stdin, however it came. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const anvil = fileURLToPath(new URL('./bin.mjs', import.meta.resolve('@foundry-rs/anvil/package.json')));
const child = spawn(process.execPath, [anvil, ...process.argv.slice(2)], {
  stdio: ['ignore', 'inherit', 'inherit']
});
child.on('exit', (code) => process.exit(code ?? 0));
process.stdin.on('close', () => child.kill()).resume();
