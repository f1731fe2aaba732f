import { openSafetensors } from '../../formats/safetensors';
import { fromBlob } from '../../formats/source';
import type { PaceOptions } from '../pace';
import { quoted } from '../policy/sentences';
import { MAX_STATEMENT_CHARACTERS } from '../trust/schemas';
import { isSigned } from '../trust/sign';
import { listed, short } from '../trust/short';
import { checkCard } from './adapter-card';
import { weightsNamedIn } from './adapter-named';
import { checkOthers, configText, openAdapterZip, type AdapterZip } from './adapter-zip';
import { gather, type Related } from './related';
import { type CheckList, partOf, type Check, type VerifyOptions } from './report';
import { NamedFile } from './weights';
import { unpackText, type ZipEntry } from './zip';
import { parseJson } from '../../json';

/** What a file inside of another is found to be. */
export interface InnerLook {
  title: string;
  words: string[];
  checks: readonly Check[];
}

/** Looks at a claim as at a file of its own, compared with these. */
export type LookInside = (blob: Blob, name: string, related: Related) => Promise<InnerLook>;

/** The record of a run is as long as its steps are many. */
const MAX_RUN_BYTES = 64 * 2 ** 20;
/** The archive is read for its digest, and then for its claims. */
const PARTS = 2;

/**
 * Checks of the archive of an adapter: `archive`, `configuration`, `weights`, `run.json`, `README.md`, `other files`, those of
 * each claim in it, and `claims`: whether any of them is about this adapter.
 * @returns what its claims say, in sentences; undefined where it cannot be looked into
 */
export async function checkAdapterZip(
  list: CheckList,
  blob: Blob,
  related: Related,
  options: VerifyOptions,
  lookInside: LookInside
): Promise<string[] | undefined> {
  const zip = await list.attempt('archive', async () => {
    const found = await openAdapterZip(blob);
    await checkOthers(found, options);
    return found;
  });
  if (!zip) return undefined;
  const left = zip.ofMacOs.length > 0 ? ` Left out: ${zip.ofMacOs.length} files that macOS added.` : '';
  list.expect(
    'archive',
    zip.config !== undefined && zip.weights !== undefined,
    `It is an archive with the two files of an adapter as PEFT reads them, and each byte of it belongs to a file.${left}`,
    'It lacks one of the two files that PEFT reads: adapter_config.json and adapter_model.safetensors.'
  );
  if (!zip.weights || !zip.config) return undefined;
  const config = await checkConfig(list, zip.config, options);
  const weights = NamedFile.ofEntry('adapter', zip.weights, config);
  const sha256 = await checkWeights(list, zip.weights, weights, partOf(options, 0, PARTS));
  if (sha256 === undefined) return undefined;
  const run = zip.run && (await checkRun(list, zip.run, sha256, options));
  if (zip.card) {
    const beside = { sha256, config: objectOf(config), run: objectOf(run) };
    await checkCard(list, zip.card, beside, options);
  }
  if (zip.others.length > 0) {
    const names = listed(zip.others.map(({ name }) => quoted(name.slice(0, 80))));
    list.unknown('other files', `Nothing is made of these, and nobody signed them: ${names}.`);
  }
  return checkClaims(list, { zip, weights, sha256, related }, options, lookInside);
}

async function checkWeights(
  list: CheckList,
  entry: ZipEntry,
  file: NamedFile,
  options: PaceOptions
): Promise<string | undefined> {
  return list.attempt(
    'weights',
    async () => {
      // Where they are packed, their own bytes are not at hand; exports are not.
      if (!entry.deflated) await openSafetensors(fromBlob(entry.data, entry.name), options.signal);
      return file.sha256(options);
    },
    (digest) => `The weights are whole: ${entry.size.toLocaleString('en')} bytes, SHA-256 ${digest}.`
  );
}

/** What tells how the weights are used. @returns its text, for manifests to be compared with */
async function checkConfig(
  list: CheckList,
  entry: ZipEntry,
  { signal }: PaceOptions
): Promise<string | undefined> {
  const name = 'configuration';
  const text = await list.attempt(name, () => configText(entry, signal));
  if (text === undefined) return undefined;
  list.expect(
    name,
    jsonOf(text) !== undefined,
    'The configuration of the adapter can be read. Base model, rank and scale in it are what the sender says; the run manifest of these weights is what they are compared with.',
    'adapter_config.json in it is no JSON.'
  );
  return text;
}

/** Whether the record of the run, which nobody signed, is of these weights. @returns its text */
async function checkRun(
  list: CheckList,
  entry: ZipEntry,
  sha256: string,
  options: PaceOptions
): Promise<string | undefined> {
  const name = 'run.json';
  return list.attempt(name, async () => {
    const text = await unpackText(entry, MAX_RUN_BYTES, { signal: options.signal });
    const recorded = weightsNamedIn(text);
    if (recorded === undefined) {
      list.unknown(name, 'It does not say which weights it is the record of. Nobody signed it in any case.');
      return text;
    }
    list.expect(
      name,
      recorded === sha256,
      'The record of the run names these weights. Nobody signed it: the run manifest is what somebody stands for.',
      'The record of the run is of other weights than those beside it.'
    );
    return text;
  });
}

function objectOf(text: string | undefined): Record<string, unknown> | undefined {
  const json = text === undefined ? undefined : jsonOf(text);
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return parseJson('run.json', text, MAX_RUN_BYTES);
  } catch {
    // What is no JSON says nothing.
    return undefined;
  }
}

async function checkClaims(
  list: CheckList,
  {
    zip,
    weights,
    sha256,
    related
  }: { zip: AdapterZip; weights: NamedFile; sha256: string; related: Related },
  options: VerifyOptions,
  lookInside: LookInside
): Promise<string[]> {
  const blobs = new Map<string, Blob>();
  for (const entry of zip.claims) {
    const name = entry.name.slice(entry.name.lastIndexOf('/') + 1);
    await list.attempt(name, async () => {
      const text = await unpackText(entry, MAX_STATEMENT_CHARACTERS, { signal: options.signal });
      blobs.set(name, new Blob([text]));
    });
  }
  const gathered = new Map<string, Awaited<ReturnType<typeof gather>>>();
  for (const [name, blob] of blobs) gathered.set(name, await gather(blob, { signal: options.signal }));
  const words: string[] = [];
  for (const [name, blob] of blobs) {
    const others = [...gathered]
      .filter(([each]) => each !== name)
      .flatMap(([, { statements }]) => [...statements.values()]);
    const look = await lookInside(blob, name, related.with(others, [weights]));
    list.include(name, look.checks);
    words.push(...look.words);
  }
  const about = [...gathered.values()].flatMap(({ statements }) =>
    [...statements.values()].filter(
      (signed) =>
        (isSigned(signed, 'run-manifest') && signed.statement.adapter.sha256 === sha256) ||
        (isSigned(signed, 'attribution-receipt') && signed.statement.adapter === sha256)
    )
  );
  if (about.length > 0) {
    const people = [...new Set(about.map(({ statement: { by } }) => `${quoted(by.name)} (${short(by.id)})`))];
    list.holds('claims', `What is claimed in it of these weights is signed by ${people.join(' and ')}.`);
  } else if (zip.claims.length === 0) {
    list.unknown('claims', 'It brings no claims: nobody says how it was made, nor whose rows made it.');
  } else list.fails('claims', 'None of the claims in it is about these weights.');
  return words;
}

/**
 * Checks of weights on their own: `weights`, and `claims`: who says how they were made, among what was given with them.
 */
export async function checkLoneWeights(
  list: CheckList,
  file: NamedFile,
  related: Related,
  options: PaceOptions
): Promise<void> {
  const sha256 = await list.attempt(
    'weights',
    () => file.sha256(options),
    (digest) => `The file is whole: ${file.bytes.toLocaleString('en')} bytes, SHA-256 ${digest}.`
  );
  if (sha256 === undefined) return;
  const manifests = related.of('run-manifest').map(([, { statement }]) => statement);
  const naming = manifests.filter((each) => each.adapter.sha256 === sha256 || each.base.sha256 === sha256);
  for (const { by, name, base, adapter } of naming) {
    const what =
      adapter.sha256 === sha256 ? `the adapter ${quoted(name)}` : `the base model ${quoted(base.name)}`;
    list.holds('claims', `It is ${what} of a run manifest that ${quoted(by.name)} (${short(by.id)}) signed.`);
  }
  if (naming.length > 0) return;
  list.unknown(
    'claims',
    'No run manifest that was given with it names it by this SHA-256. Give the claims that are about it.'
  );
}
