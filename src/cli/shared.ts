/** What the commands have in common: a GPU, models, adapters, rows, and how a command ends. */
import { existsSync, openAsBlob } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, globals } from 'webgpu';
import { calmPolling } from './calm-polling.mjs';
import { readTrainingRows } from '../lib/datanets/import/rows';
import { requireRows } from '../lib/datanets/parse';
import type { Row } from '../lib/datanets/row';
import { requireNamedWeights } from '../lib/datanets/verify/adapter-named';
import { TabtuneError } from '../lib/errors';
import { openCheckpoint, type Checkpoint } from '../lib/formats/checkpoint';
import { sha256OfSource } from '../lib/formats/digest';
import { fromFile, fromPath, hubIdOf } from '../lib/formats/node-source';
import { readAdapter, type Adapter } from '../lib/formats/peft';
import { isDay } from '../lib/formats/jinja/strftime';
import { readJson, readText } from '../lib/formats/source';
import type { ChatTokenizer } from '../lib/formats/tokenizer';
import { Device } from '../lib/gpu/device';
import { baseMismatch } from '../lib/jobs/adapter-base';
import { joinModel } from '../lib/jobs/model';
import { starterName } from '../lib/jobs/starter';
import { helpText, readFlags, UsageError, type Flags, type FlagSpec } from './args';
import { hubFiles, parseHubName } from './hub-model';

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
  /** What was said about its files on stderr, for a result that others read. */
  readonly notices: readonly string[];
}

/**
 * Opens a model, compares its parts, and says on stderr what is to be known of them.
 * @param model `starter`, a folder, a .gguf file, or `hub:owner/name[@revision][:file.gguf]`
 */
export async function openModel(model: string): Promise<OpenModel> {
  const hub = parseHubName(model);
  const checkpoint =
    model === 'starter'
      ? await openCheckpoint(await fromPath(join(starterFolder, 'model')), { name: starterName })
      : hub
        ? await openCheckpoint(await hubFiles(hub, say), { name: hub.id })
        : await openCheckpoint(await fromPath(model), { name: hubIdOf(model) });
  const { tokenizer, notices } = await joinModel(checkpoint);
  notices.forEach(say);
  return { checkpoint, tokenizer, notices };
}

/**
 * Reads an adapter's folder and compares it with the base it is to be put on: shapes, which must fit, and the hash that its
 * run.json has of the base, which is said where it is another. Its weights are compared with the record and the claims that
 * lie beside them.
 * @throws OtherWeightsError and what `readAdapter` throws
 */
export async function openAdapter(
  folder: string,
  checkpoint: Checkpoint
): Promise<{ adapter: Adapter; notices: readonly string[] }> {
  const files = await fromPath(folder);
  const adapter = await readAdapter(files, checkpoint);
  const claims = existsSync(join(folder, 'claims')) ? await fromPath(join(folder, 'claims')) : [];
  const beside = [...files.filter((file) => basename(file.name) === 'run.json'), ...claims];
  const texts = await Promise.all(
    beside.map(async (file) => ({ name: file.name, text: await readText(file) }))
  );
  const weights = files.find((file) => basename(file.name) === 'adapter_model.safetensors')!;
  requireNamedWeights(await sha256OfSource(weights), texts, folder);
  const { sha256 } = await readRun(folder);
  const base = (sha256 as { base?: unknown } | null | undefined)?.base;
  const notice = await baseMismatch(adapter, checkpoint, typeof base === 'string' ? base : undefined);
  const notices = notice === undefined ? [] : [notice];
  notices.forEach(say);
  return { adapter, notices };
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
 * Reads a file of rows, a table or a document, as an import reads it, and says on stderr what is no row.
 * @throws FileReadError, NoRowsError, UnclearColumnsError, and what the readers of each format throw
 */
export async function openRows(path: string): Promise<Row[]> {
  const { name } = await fromFile(path);
  const parsed = await readTrainingRows(name, await openAsBlob(path), { maxProblems: listedProblems });
  const rows = requireRows(parsed);
  const { problems, problemCount } = parsed;
  if (problemCount > 0) {
    const isLines = problems.every(({ where }) => where === undefined);
    const left = isLines ? `${count(problemCount, 'line')} left out` : count(problemCount, 'problem');
    say(`${name}: ${left}, ${count(rows.length, 'row')} kept.`);
    for (const { line, where, reason, excerpt } of problems)
      say(`  ${where ?? `line ${line}`}: ${reason}${excerpt === '' ? '' : `: ${excerpt}`}`);
    if (problemCount > problems.length) say(`  … and ${problemCount - problems.length} more`);
  }
  return rows;
}

/** `1 row`, `2 rows`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
