/**
 * `npm run bench -- [--preset NAME] [--json]`: speed and size of a training step.
 * Runs here on Dawn; with --browser in headless Chromium, on SwiftShader unless TABTUNE_GPU=hardware; with
 * --peers DIR there too, back to back with the same training step in other frameworks (see tools/bench/peers.mjs).
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { TabtuneError } from '../lib/errors';
import { attributionReport, measureAttribution } from './bench/attribution';
import { datanetReport, type DatanetBenchResult } from './bench/datanet-report';
import { openDawn } from './bench/dawn';
import { findPreset, measure, type BenchRequest, type BenchResult } from './bench/measure';
import { presets } from './bench/presets';
import { reportText } from './bench/report';
import { openModel, withDevice } from './shared';
import { openData, starterDatanet } from './shared-data';

/** A flag has a value that means nothing. */
class FlagError extends TabtuneError {}

const usage = `npm run bench -- [flags]
  --preset NAME       ${presets.map((p) => p.name).join(', ')} (tiny)
  --json              one line of JSON instead of a table
  --steps N           steady steps to measure, after two others (10)
  --base FORMAT       nf4, f16 or f32 (nf4)
  --checkpointing on|off, --scratch on|off    instead of the preset's and the device's own choice
  --no-kernels        do not measure each kernel alone
  --browser           in headless Chromium instead of this process
  --attribution       instead: what gradients of all rows take beside an epoch of training, and what an answer's sources take;
                      the starter model, as many rounds as --steps (10)
  --datanet ROWS      instead of training: import, duplicates, search, version and export of so many rows, in Chromium
  --peers DIR         in Chromium, and compare with the frameworks whose benchmark lies in DIR (tiny and small)`;

const flags = {
  preset: { type: 'string', default: 'tiny' },
  json: { type: 'boolean', default: false },
  steps: { type: 'string', default: '10' },
  base: { type: 'string', default: 'nf4' },
  checkpointing: { type: 'string' },
  scratch: { type: 'string' },
  'no-kernels': { type: 'boolean', default: false },
  browser: { type: 'boolean', default: false },
  attribution: { type: 'boolean', default: false },
  datanet: { type: 'string' },
  peers: { type: 'string' },
  help: { type: 'boolean', default: false }
} as const;

function readFlags() {
  const { values } = parseArgs({ options: flags });
  const steps = Number(values.steps);
  if (!Number.isInteger(steps) || steps < 1)
    throw new FlagError(`--steps is ${values.steps}, which is no positive whole number.`);
  const { base } = values;
  if (base !== 'nf4' && base !== 'f16' && base !== 'f32')
    throw new FlagError(`--base is ${base}: choose nf4, f16 or f32.`);
  if (values.datanet !== undefined && !/^[1-9]\d{0,6}$/.test(values.datanet))
    throw new FlagError(`--datanet is ${values.datanet}: give a number of rows, up to 9999999.`);
  const checkpointing = onOff('checkpointing', values.checkpointing);
  const scratch = onOff('scratch', values.scratch);
  const request: BenchRequest = {
    preset: findPreset(values.preset).name,
    steps,
    base,
    kernels: !values['no-kernels'],
    ...(checkpointing === undefined ? {} : { checkpointing }),
    ...(scratch === undefined ? {} : { scratch })
  };
  return { ...values, request };
}

function onOff(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === 'on' || value === 'off') return value === 'on';
  throw new FlagError(`--${name} is ${value}: choose on or off.`);
}

async function measureHere(request: BenchRequest): Promise<BenchResult> {
  const device = await openDawn();
  try {
    return await measure(device, request);
  } finally {
    device.destroy();
  }
}

/** Runs a script of tools/bench with a request, and returns what it prints as JSON. */
function runTool(script: string, ...args: string[]): Promise<unknown> {
  const path = fileURLToPath(new URL(`../../tools/bench/${script}`, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output));
      else
        reject(new TabtuneError(`The benchmark in the browser ended with ${code}: see its message above.`));
    });
  });
}

interface PeerComparison {
  readonly text: string;
}

async function main(): Promise<void> {
  const { help, json, browser, attribution, datanet, peers, request } = readFlags();
  if (help) {
    process.stdout.write(`${usage}\n`);
  } else if (attribution) {
    const model = await openModel('starter');
    const data = await openData(starterDatanet, undefined);
    const result = await withDevice((device) => measureAttribution(device, model, data, request.steps));
    process.stdout.write(`${json ? JSON.stringify(result) : attributionReport(result)}\n`);
  } else if (datanet !== undefined) {
    const result = (await runTool('datanet.mjs', datanet)) as DatanetBenchResult;
    process.stdout.write(`${json ? JSON.stringify(result) : datanetReport(result)}\n`);
  } else if (peers !== undefined) {
    const comparison = (await runTool('peers.mjs', peers, JSON.stringify(request))) as PeerComparison;
    process.stdout.write(`${json ? JSON.stringify(comparison) : comparison.text}\n`);
  } else {
    const result = browser
      ? ((await runTool('browser.mjs', JSON.stringify(request))) as BenchResult)
      : await measureHere(request);
    process.stdout.write(`${json ? JSON.stringify(result) : reportText(result)}\n`);
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const text =
      error instanceof TabtuneError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(1);
  }
);
