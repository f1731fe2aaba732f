import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { TabtuneError } from '../lib/errors';
import { writeModelCard } from '../lib/formats/model-card';
import { writeAdapter, type Adapter } from '../lib/formats/peft';
import { runCard } from '../lib/jobs/run-card';
import type { RunRecord } from '../lib/jobs/run-record';
import type { ContributorRows } from '../lib/jobs/training-data';

/** The folder that an adapter is to be written to holds something else. */
export class OutputFolderError extends TabtuneError {}

/** Writing the adapter failed; nothing half-written is left. */
export class OutputWriteError extends TabtuneError {}

const adapterFiles = ['adapter_config.json', 'adapter_model.safetensors', 'run.json', 'README.md'];

/**
 * Looks, before hours of training, whether an adapter may be written to a folder: one that is new, empty, or holds an
 * adapter and nothing else, which is then replaced.
 * @returns whether an adapter is there that will be replaced
 * @throws OutputFolderError
 */
export async function checkOutputFolder(folder: string): Promise<boolean> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new OutputFolderError(`--out ${folder} is no folder that can be written to. Choose another name.`, {
      cause,
      details: { folder }
    });
  }
  const foreign = names.find((name) => !adapterFiles.includes(name));
  if (foreign !== undefined || (names.length > 0 && !names.includes('adapter_config.json'))) {
    throw new OutputFolderError(
      `--out ${folder} is a folder with other content (${foreign ?? names[0]}), which would be replaced. Choose a new folder.`,
      { details: { folder, file: foreign ?? names[0] } }
    );
  }
  return names.length > 0;
}

/**
 * Writes adapter_config.json, adapter_model.safetensors, run.json and README.md: all of them or none. They are written to a
 * folder beside the wanted one, which then takes its name.
 * @param people who the contributors to the rows are
 * @throws OutputFolderError, OutputWriteError
 */
export async function writeAdapterFolder(
  folder: string,
  adapter: Adapter,
  run: RunRecord,
  people: readonly ContributorRows[]
): Promise<void> {
  const target = resolve(folder);
  const encoder = new TextEncoder();
  const card = runCard({
    ...{ name: basename(target), config: adapter.config, sha256: run.sha256.adapter, run, people }
  });
  const files = [
    ...writeAdapter(adapter),
    { name: 'run.json', bytes: encoder.encode(`${JSON.stringify(run, null, 2)}\n`) },
    { name: 'README.md', bytes: encoder.encode(await writeModelCard(card)) }
  ];
  await checkOutputFolder(folder);
  let temporary: string | undefined;
  try {
    await mkdir(dirname(target), { recursive: true });
    temporary = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
    const made = join(temporary, 'new');
    await mkdir(made);
    for (const { name, bytes } of files) await writeFile(join(made, name), bytes, { flush: true });
    await rename(target, join(temporary, 'old')).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(made, target).catch(async (error: unknown) => {
      await rename(join(temporary!, 'old'), target).catch(() => undefined);
      throw error;
    });
  } catch (cause) {
    throw new OutputWriteError(
      `The adapter could not be written to ${folder}: ${(cause as Error).message}. What was there before is kept; make room or choose another --out.`,
      { cause, details: { folder } }
    );
  } finally {
    if (temporary) await rm(temporary, { recursive: true, force: true });
  }
}
