/** How an adapter was made, from the record of the run that made it. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../datanets/canonical';
import type { Licence } from '../../datanets/datanet';
import { shownText } from '../../datanets/one-line';
import type { AdapterRecord, RunRecord } from '../../datanets/store/schema';
import type { Store } from '../../datanets/store/store';
import type { ManifestData, RunManifest } from '../../datanets/trust/claims';
import { baseNameOf } from '../../datanets/verify/adapter-config';
import { parameterSpecs } from '../../jobs/options';
import type { RunRecord as RunRecordFile } from '../../jobs/run-record';
import { software } from '../../jobs/software';
import type { VersionUse } from '../../jobs/training-data';
import { CannotSignError, type Desk, type Made } from '../datanets/signing-desk';
import { common } from '../datanets/signing-statements';
import { factsOf, inheritedOf, versionsOf } from '../run-facts';
import { adapterSha256 } from '../stored-adapter';
import { keepClaim, requireLater } from './desk';
import type { ClaimRequest } from './protocol';

type Request = Extract<ClaimRequest, { kind: 'run-manifest' }>;

/** What a run leaves in its record when it ends; a run that was cut off has none of it. */
type RunFile = Pick<RunRecordFile, 'config' | 'sha256' | 'device' | 'steps'> &
  Partial<Pick<RunRecordFile, 'heldOut' | 'software' | 'status'>>;

/** @throws CannotSignError, NotStoredError */
export async function makeManifest(desk: Desk, { adapter: id, expires }: Request): Promise<Made> {
  const { store, now } = desk;
  requireLater(expires, now);
  const adapter = await store.adapter(id);
  const record = await runOf(store, adapter);
  const run = requireFinished(record, adapter);
  const config = optionsOf(run);
  const startedFrom = await startOf(store, record);
  const manifest: RunManifest = {
    kind: 'run-manifest',
    ...common(desk),
    name: shownText(adapter.name, 300) || 'Adapter',
    base: { name: baseNameOf(run.config.model), sha256: run.sha256.base },
    datanets: await dataOf(store, record),
    data: { sha256: run.sha256.data, rows: run.config.rows, heldOut: run.heldOut?.rows ?? 0 },
    ...(startedFrom === undefined ? {} : { startedFrom }),
    config,
    configSha256: bytesToHex(sha256(utf8ToBytes(canonicalJson(config)))),
    adapter: { sha256: await adapterSha256(store, id) },
    steps: run.steps.length,
    ...heldOutLossOf(run),
    device: shownText(run.device.name, 300),
    software: run.software ?? software,
    ...(expires === undefined ? {} : { expires })
  };
  return {
    statement: manifest,
    warnings: [...warningsOf(manifest, record, run), ...(await receiptWarnings(store, id))],
    name: adapter.name,
    finish: (signed) => keepClaim(store, signed, { adapter: id })
  };
}

/** The run that made an adapter. @throws CannotSignError */
export async function runOf(store: Store, adapter: AdapterRecord): Promise<RunRecord> {
  const id = adapter.metrics['run'];
  if (typeof id !== 'string') {
    throw new CannotSignError(
      `“${adapter.name}” was not made in this browser: only who ran it can say how it was made.`,
      { details: { adapter: adapter.id } }
    );
  }
  const run = (await store.runs()).find((each) => each.id === id);
  if (run) return run;
  throw new CannotSignError(
    `The run that made “${adapter.name}” was deleted, and with it what is known of how it was made.`,
    { details: { adapter: adapter.id, run: id } }
  );
}

function requireFinished({ run }: RunRecord, { name, id }: AdapterRecord): RunFile {
  const file = run as Partial<RunFile>;
  if (file.config && file.sha256 && file.device && file.steps && file.steps.length > 0)
    return file as RunFile;
  throw new CannotSignError(
    `“${name}” is what was saved of a run that was cut off: its base, its rows and its device were not recorded. Train it to the end to say how it was made.`,
    { details: { adapter: id } }
  );
}

function optionsOf({ config }: RunFile): RunManifest['config'] {
  return Object.fromEntries(
    parameterSpecs.flatMap(({ name }) => (config[name] === undefined ? [] : [[name, config[name]]]))
  );
}

function heldOutLossOf({ heldOut }: RunFile): Pick<RunManifest, 'heldOutLoss'> {
  const { before, after } = heldOut ?? {};
  return before === undefined || after === undefined ? {} : { heldOutLoss: { before, after } };
}

/** SHA-256 of the adapter that a run went on from, as it is exported. */
async function startOf(store: Store, record: RunRecord): Promise<string | undefined> {
  const start = factsOf(record)?.request.adapter;
  if (start === undefined) return undefined;
  const there = (await store.adapters()).some(({ id }) => id === start);
  if (there) return adapterSha256(store, start);
  throw new CannotSignError(
    'The adapter that this run went on from was deleted, so that nothing can be said of it. A manifest without it would say that the run began from the base.',
    { details: { adapter: start } }
  );
}

async function dataOf(store: Store, record: RunRecord): Promise<ManifestData[]> {
  const part = async (uses: VersionUse[], name: ManifestData['part']): Promise<ManifestData[]> =>
    Promise.all(
      uses
        // What nothing was taken of did not make the adapter.
        .filter(({ rows, heldOut }) => rows + heldOut > 0)
        .map(async (use) => ({
          ...{
            datanet: use.datanet,
            name: use.name,
            number: use.number,
            version: use.version,
            root: use.root
          },
          licence: await licenceOf(store, use),
          ...{ weight: Math.round(use.weight * 1000), rows: use.rows, heldOut: use.heldOut, part: name }
        }))
    );
  return [...(await part(versionsOf(record), 'used')), ...(await part(inheritedOf(record), 'inherited'))];
}

/** Runs of earlier versions of Tabtune did not note it; the version says it, where it is still here. */
async function licenceOf(store: Store, use: VersionUse): Promise<Licence> {
  if (use.licence) return use.licence;
  const version = await store.versions.find(use.version);
  if (version) return version.signed.statement.facts.licence;
  throw new CannotSignError(
    `The licence of “${use.name}”, version ${use.number}, is not known any more: the version is not in this browser. Open its file again.`,
    { details: { version: use.version } }
  );
}

/** A receipt names its manifest by CID: another manifest is one that it does not name. */
async function receiptWarnings(store: Store, adapter: string): Promise<string[]> {
  const receipt = (await store.claims.provenance(adapter))?.receipt;
  return receipt === undefined
    ? []
    : ['The receipt of this adapter names the manifest that was signed before: sign who made it again, too.'];
}

function warningsOf({ datanets, startedFrom }: RunManifest, record: RunRecord, run: RunFile): string[] {
  const warnings: string[] = [];
  if (run.status === 'diverged') {
    warnings.push(
      'The run ended because its loss was no longer a number: the adapter is that of the step before.'
    );
  } else if (record.status === 'stopped') {
    warnings.push('The run was stopped early: who repeats it has to stop after the same step.');
  }
  if (!datanets.some(({ part }) => part === 'used')) {
    warnings.push(
      'The rows belong to no Datanet: others cannot see whose they are, nor repeat the run without the file.'
    );
  }
  if (startedFrom !== undefined) {
    warnings.push('It went on from another adapter: who repeats the run needs that one, too.');
  }
  if (!run.heldOut)
    warnings.push('No rows were held out: nothing says how well it does on what it has not seen.');
  return warnings;
}
