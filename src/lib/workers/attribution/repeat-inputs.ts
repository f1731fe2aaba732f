/** What a manifest says that a run was made of, as far as this browser has it. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, rowsSha256 } from '../../datanets/canonical';
import type { Store } from '../../datanets/store/store';
import type { ManifestData, RunManifest } from '../../datanets/trust/claims';
import type { Adapter } from '../../formats/peft';
import { InvalidOptionError, parameterSpecs, type FinetuneOptions } from '../../jobs/options';
import { loadTrainingData, type TrainingData } from '../../jobs/training-data';
import type { OpenModel } from '../open-gpu';
import { loadRunData } from '../run-data';
import { factsOf } from '../run-facts';
import { openVersion } from '../run-versions';
import { adapterSha256, loadAdapter } from '../stored-adapter';
import type { RepeatRequest } from './protocol';
import { optionsOf } from './run-inputs';
import { tellPhase, type AttributionTask } from './task';

/** All that a run is repeated with. */
export interface RepeatInputs extends OpenModel {
  readonly options: FinetuneOptions;
  readonly data: TrainingData;
  readonly adapter?: Adapter;
}

/**
 * Gathers the inputs of a manifest and holds each against what it says.
 * @returns the inputs, or in sentences why a repetition could say nothing: something is missing or is not the same
 * @throws the abort reason, and what opening the model and reading rows throw
 */
export async function repeatInputs(
  task: AttributionTask,
  { manifest: { statement: manifest }, model, adapter: claimed }: RepeatRequest
): Promise<RepeatInputs | { missing: string[] }> {
  const { store, gpu, signal } = task;
  tellPhase(task, 'loading');
  const missing: string[] = [];
  const options = readOptions(manifest, missing);
  const opened = await gpu.model(model);
  if ((await opened.checkpoint.sha256(signal)) !== manifest.base.sha256) {
    missing.push(
      `The model “${opened.checkpoint.name}” is not the base of the run, “${manifest.base.name}”: its files have another SHA-256.`
    );
  }
  const data = await readRows(task, manifest, options?.seed ?? 0, claimed, missing);
  const start = await startOf(store, manifest, missing);
  if (!options || !data || missing.length > 0) return { missing };
  return { ...opened, options, data, ...(start ? { adapter: start } : {}) };
}

function readOptions({ config, configSha256 }: RunManifest, missing: string[]): FinetuneOptions | undefined {
  if (bytesToHex(sha256(utf8ToBytes(canonicalJson(config)))) !== configSha256) {
    missing.push('The options of the run are not those that its manifest gives the SHA-256 of.');
  }
  const known = new Set<string>(parameterSpecs.map(({ name }) => name));
  const unknown = Object.keys(config).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    missing.push(`The run had options that this version of Tabtune does not know: ${unknown.join(', ')}.`);
  }
  try {
    return optionsOf(config);
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    missing.push(`The run had an option that cannot be used. ${error.message}`);
    return undefined;
  }
}

async function readRows(
  task: AttributionTask,
  { datanets, data: { sha256 } }: RunManifest,
  seed: number,
  claimed: string | undefined,
  missing: string[]
): Promise<TrainingData | undefined> {
  const used = datanets.filter(({ part }) => part === 'used');
  const data =
    used.length > 0
      ? await readVersions(task, used, seed, claimed, missing)
      : await readRowSet(task, sha256, missing);
  if (data && rowsSha256(data.rows).sha256 !== sha256) {
    const reasons = data.versions.flatMap(({ name, refusals }) =>
      refusals.map(({ rows, reason }) => `“${name}”, ${rows} ${rows === 1 ? 'row' : 'rows'}: ${reason}`)
    );
    const why = reasons.length > 0 ? ` Not all of them may be used here. ${reasons.join(' ')}` : '';
    missing.push(`The rows are not those of the run: they have another SHA-256.${why}`);
  }
  return data;
}

async function readVersions(
  { store, signal, tell }: AttributionTask,
  used: readonly ManifestData[],
  seed: number,
  claimed: string | undefined,
  missing: string[]
): Promise<TrainingData | undefined> {
  const records = await Promise.all(used.map(({ version }) => store.versions.find(version)));
  const absent = used.filter((_, i) => !records[i]);
  for (const { name, number } of absent) {
    missing.push(`“${name}”, version ${number}, is not in this browser. Open its file, then repeat the run.`);
  }
  if (absent.length > 0) return undefined;
  // Of a run that was made here, it is known what for; and it is counted already.
  const own = claimed === undefined ? undefined : await ownRun(store, claimed);
  const versions = await Promise.all(
    records.map((record, i) =>
      openVersion(store, record!, { weight: used[i].weight / 1000, resumes: own?.run, purpose: own?.purpose })
    )
  );
  return loadTrainingData(versions, {
    ...{ seed, signal },
    onProgress: (done, total) => tellPhase({ tell }, 'loading', done, total)
  });
}

/** Rows that belong to no Datanet are known by what they are. */
async function readRowSet(
  { store }: AttributionTask,
  sha256: string,
  missing: string[]
): Promise<TrainingData | undefined> {
  const set = (await store.rowSets()).find((each) => each.sha256 === sha256);
  if (set) return loadRunData(store, { kind: 'rows', rowSet: set.id });
  missing.push(
    'The rows of the run belong to no Datanet and are not in this browser. Bring the file that it was trained on.'
  );
  return undefined;
}

async function ownRun(
  store: Store,
  adapter: string
): Promise<{ run: string; purpose: string | undefined } | undefined> {
  const run = (await store.runs()).find((each) => each.adapter === adapter);
  if (!run) return undefined;
  const data = factsOf(run)?.request.data;
  return { run: run.id, purpose: data?.kind === 'datanets' ? data.purpose : undefined };
}

/** The adapter that the run went on from, found by what it is. */
async function startOf(
  store: Store,
  { startedFrom }: RunManifest,
  missing: string[]
): Promise<Adapter | undefined> {
  if (startedFrom === undefined) return undefined;
  for (const { id } of await store.adapters()) {
    if ((await adapterSha256(store, id)) === startedFrom) return loadAdapter(store, id);
  }
  missing.push(
    `The run went on from an adapter that is not in this browser (SHA-256 ${startedFrom}). Import it, then repeat the run.`
  );
  return undefined;
}
