/** Runs anvil for as long as whoever started this lives: its end closes stdin, however it came. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// npm brings it for 64-bit Intel Linux; elsewhere it is the one that Foundry's installer puts on the path.
const brought = fileURLToPath(
  new URL('../../node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil', import.meta.url)
);
const child = spawn(existsSync(brought) ? brought : 'anvil', process.argv.slice(2), {
  stdio: ['ignore', 'inherit', 'inherit']
});
child.on('error', ({ message }) => {
  process.stderr.write(
    `anvil does not start: ${message}. Install Foundry (https://getfoundry.sh), which has it.\n`
  );
  process.exit(127);
});
child.on('exit', (code) => process.exit(code ?? 0));
process.stdin.on('close', () => child.kill()).resume();
