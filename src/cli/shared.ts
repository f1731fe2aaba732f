/** What the commands have in common: a GPU, models, adapters, rows, and how a command ends. */
import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, globals } from 'webgpu';
import { calmPolling } from './calm-polling.mjs';
import { parseRows, requireRows } from '../lib/datanets/parse';
import type { Row } from '../lib/datanets/row';
import { TabtuneError } from '../lib/errors';
import { openCheckpoint, type Checkpoint } from '../lib/formats/checkpoint';
import { fromFile, fromPath } from '../lib/formats/node-source';
import { readAdapter, type Adapter } from '../lib/formats/peft';
import { isDay } from '../lib/formats/jinja/strftime';
import { readJson } from '../lib/formats/source';
import { loadTokenizer, type ChatTokenizer } from '../lib/formats/tokenizer';
import { Device } from '../lib/gpu/device';
import { starterName } from '../lib/jobs/starter';
import { helpText, readFlags, UsageError, type Flags, type FlagSpec } from './args';

/** Where the starter model and its Datanet lie. */
export const starterFolder = fileURLToPath(new URL('../../static/starter/', import.meta.url));

/** A line for people. stdout belongs to the result. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export interface Command {
  readonly usage: string;
  readonly flags: readonly FlagSpec[];
  /** Takes words that belong to no flag, such as the name of a file. */
  readonly takesWords?: boolean;
  /** Below the flags in the help. */
  readonly notes?: string;
  /** @returns the exit code */
  run(flags: Flags): Promise<number>;
}

/** Runs a command to its end: help, exit code, and one line for what can be explained. */
export async function runCommand({ usage, flags, takesWords, notes, run }: Command): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader went away, as `| head` does: nothing is left to be told.
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  let code: number;
  try {
    const given = readFlags(process.argv.slice(2), flags, takesWords);
    if (given.has('help')) process.stdout.write(helpText(usage, flags, notes));
    code = given.has('help') ? 0 : await run(given);
  } catch (error) {
    const known = error instanceof TabtuneError;
    say(known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error));
    code = error instanceof UsageError ? 2 : 1;
  }
  // Dawn's object keeps the process alive; what was written must be out before it ends.
  process.stdout.write('', () => process.exit(code));
}

/** Opens this machine's GPU through Dawn, gives it to `use`, and releases it whatever happens. */
export async function withDevice<T>(use: (device: Device) => Promise<T>): Promise<T> {
  calmPolling();
  const gpu = create([]);
  // Dawn ends with its GPU object, and every device with it: it must stay reachable.
  Object.assign(globalThis, globals, { gpu });
  const device = await Device.open(gpu);
  try {
    return await use(device);
  } finally {
    device.destroy();
  }
}

export interface OpenModel {
  readonly checkpoint: Checkpoint;
  readonly tokenizer: ChatTokenizer;
}

/** @param model `starter`, a folder or a .gguf file */
export async function openModel(model: string): Promise<OpenModel> {
  const checkpoint =
    model === 'starter'
      ? await openCheckpoint(await fromPath(join(starterFolder, 'model')), { name: starterName })
      : await openCheckpoint(await fromPath(model));
  return { checkpoint, tokenizer: await loadTokenizer(checkpoint.tokenizer) };
}

/** Reads an adapter's folder and compares it with the base it is to be put on. */
export async function openAdapter(folder: string, checkpoint: Checkpoint): Promise<Adapter> {
  return readAdapter(await fromPath(folder), checkpoint);
}

/**
 * The form of the base that an adapter was trained on: 4 bits, unless its run.json says 16. A bare base is taken in 4
 * bits too, so that figures with and without an adapter compare.
 */
export async function quantOf(adapterFolder: string | undefined): Promise<'nf4' | 'none'> {
  if (adapterFolder === undefined) return 'nf4';
  const { config } = await readRun(adapterFolder);
  return (config as { method?: unknown } | undefined)?.method === 'lora' ? 'none' : 'nf4';
}

/** The day that the run of an adapter had, which its chat keeps; undefined where none is known. */
export async function dateOf(adapterFolder: string | undefined): Promise<string | undefined> {
  if (adapterFolder === undefined) return undefined;
  const { config } = await readRun(adapterFolder);
  const date = (config as { date?: unknown } | undefined)?.date;
  return typeof date === 'string' && isDay(date) ? date : undefined;
}

/** What the run.json beside an adapter says; nothing where there is none. */
export async function readRun(adapterFolder: string): Promise<Record<string, unknown>> {
  const file = (await fromPath(adapterFolder)).find((f) => basename(f.name) === 'run.json');
  return ((file && (await readJson(file))) as Record<string, unknown> | null | undefined) ?? {};
}

/** Problems of a file that are shown; the others are counted. */
const listedProblems = 20;

/**
 * Reads a file of rows and says on stderr which lines are none.
 * @throws FileReadError, NoRowsError, JsonTooLargeError
 */
export async function openRows(path: string): Promise<Row[]> {
  const { name } = await fromFile(path);
  const parsed = await parseRows(name, createReadStream(path), { maxProblems: listedProblems });
  const rows = requireRows(parsed);
  const { problems, problemCount } = parsed;
  if (problemCount > 0) {
    say(`${name}: ${count(problemCount, 'line')} left out, ${count(rows.length, 'row')} kept.`);
    for (const { line, reason, excerpt } of problems) say(`  line ${line}: ${reason}: ${excerpt}`);
    if (problemCount > problems.length) say(`  … and ${problemCount - problems.length} more`);
  }
  return rows;
}

/** `1 row`, `2 rows`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
