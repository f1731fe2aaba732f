import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../canonical';
import { MerkleTree } from '../content/merkle';
import type { PaceOptions } from '../pace';
import { momentWords, quoted } from '../policy/sentences';
import type { AttributionReceipt, ManifestData, Retraction, RunManifest } from '../trust/claims';
import { isSigned } from '../trust/sign';
import type { Signed, Version } from '../trust/statements';
import { listed, short } from '../trust/short';
import { checkConfiguration } from './adapter-config';
import { answered, sameSigner } from './answered';
import type { Related } from './related';
import type { CheckList } from './report';
import { sha256OfAll, type NamedFile } from './weights';

/**
 * Checks of what is claimed of a model, and of what was taken back: that it fits itself, and what was given with it.
 * @throws ZipArchiveError, UnreadableFileError, the abort reason
 */
export async function checkClaim(
  list: CheckList,
  signed: Signed,
  cid: string,
  related: Related,
  options: PaceOptions
): Promise<void> {
  if (isSigned(signed, 'run-manifest')) await checkManifest(list, signed.statement, related, options);
  else if (isSigned(signed, 'attribution-receipt')) {
    await checkReceipt(list, signed.statement, related, options);
  } else if (isSigned(signed, 'retraction')) checkRetraction(list, signed.statement, related);
  if (isRetractable(signed)) checkRetracted(list, signed, cid, related);
}

/** What its signer can take back by a retraction; contributions and grants have statements of their own for that. */
function isRetractable({ statement: { kind } }: Signed): boolean {
  return kind === 'validation' || kind === 'run-manifest' || kind === 'attribution-receipt';
}

function checkRetraction(list: CheckList, { claim, by }: Retraction, related: Related): void {
  const name = 'claim';
  const found = related.find(claim);
  if (!found) list.unknown(name, `It names the claim ${short(claim)}, which was not given with it.`);
  else if (!isRetractable(found)) {
    list.fails(name, `What it names is a ${found.statement.kind}, which nobody takes back by a retraction.`);
  } else {
    list.holds(name, `The claim that it takes back was given with it: a ${found.statement.kind}.`);
    sameSigner(list, found.statement, by.id, 'take it back');
  }
}

function checkRetracted(list: CheckList, { statement }: Signed, cid: string, related: Related): void {
  const name = 'retraction';
  const taken = related
    .of('retraction')
    .map(([, { statement: each }]) => each)
    .find(({ claim, by }) => claim === cid && by.id === statement.by.id);
  if (taken) {
    const reason = taken.reason ? ` The reason: ${quoted(taken.reason)}.` : '';
    list.fails(name, `Its signer took it back on ${momentWords(taken.created)}.${reason}`);
  } else if (related.files > 0) {
    list.holds(
      name,
      'Nothing that was given with it takes it back. Whether something else does, cannot be seen here.'
    );
  } else {
    list.unknown(name, 'Whether it was taken back cannot be seen from this file. Give retractions with it.');
  }
}

async function checkManifest(
  list: CheckList,
  manifest: RunManifest,
  related: Related,
  options: PaceOptions
): Promise<void> {
  const { config, configSha256, adapter, base, datanets } = manifest;
  const found = bytesToHex(sha256(utf8ToBytes(canonicalJson(config))));
  list.expect(
    'options',
    found === configSha256,
    'The SHA-256 that stands for the options of the run is that of the options.',
    `The options of the run have another SHA-256 than the one that stands for them: ${short(found)}.`
  );
  await list.attempt('adapter', () => checkAdapter(list, adapter.sha256, related, options));
  await list.attempt('configuration', () => checkConfiguration(list, manifest, related, options));
  await list.attempt('base', () => checkBase(list, base, related, options));
  if (datanets.length > 0) checkVersions(list, datanets, related);
}

/** Whether weights that were given are the ones that a claim names. */
async function checkAdapter(
  list: CheckList,
  wanted: string,
  related: Related,
  options: PaceOptions
): Promise<void> {
  const name = 'adapter';
  const files = related.named.filter(({ kind }) => kind === 'adapter');
  const digests = await digestsOf(files, options);
  if (files.length === 0) {
    list.unknown(
      name,
      'The adapter was not given with it. Give its “adapter_model.safetensors”, or the archive it was exported as.'
    );
  } else {
    list.expect(
      name,
      digests.includes(wanted),
      `The adapter that was given is the one that it is about (SHA-256 ${short(wanted)}).`,
      `It is about another adapter (SHA-256 ${short(wanted)}) than the one that was given: ${listed(digests.map(short))}.`
    );
  }
}

/** A model in one file is known by its SHA-256, one in several by that of all of theirs. */
async function checkBase(
  list: CheckList,
  { name: model, sha256: wanted }: RunManifest['base'],
  related: Related,
  options: PaceOptions
): Promise<void> {
  const name = 'base';
  const files = related.named.filter(({ kind }) => kind !== 'adapter');
  const weights = files.filter(({ kind }) => kind !== 'other');
  if (weights.length === 0) {
    list.unknown(
      name,
      `The base model ${quoted(model)} was not given with it. Give its file, or all files of its folder, and its SHA-256 is compared.`
    );
    return;
  }
  const digests = await digestsOf(files, options);
  const one = digests.indexOf(wanted);
  if (one >= 0) {
    list.holds(name, `The base model that was given is the one that was trained (SHA-256 ${short(wanted)}).`);
    related.use([files[one]]);
  } else if (sha256OfAll(digests) === wanted) {
    list.holds(
      name,
      `The ${files.length} files of the base model are those that were trained (SHA-256 of all of theirs: ${short(wanted)}).`
    );
    related.use(files);
  } else if (weights.every(({ kind }) => kind === 'safetensors')) {
    list.unknown(
      name,
      'The files of a base model were given, and are not known by this SHA-256. A model in a folder is known by all of its files: give them all, and no others.'
    );
  } else {
    list.fails(
      name,
      `The base model that was given is another one than the one that was trained (SHA-256 ${short(wanted)}).`
    );
  }
}

async function digestsOf(files: readonly NamedFile[], options: PaceOptions): Promise<string[]> {
  const digests: string[] = [];
  for (const file of files) digests.push(await file.sha256(options));
  return digests;
}

/** Whether the versions that a run names say of themselves what it says of them. */
function checkVersions(list: CheckList, datanets: readonly ManifestData[], related: Related): void {
  const name = 'versions';
  const missing: string[] = [];
  const wrong: string[] = [];
  for (const data of datanets) {
    const found = related.find(data.version);
    if (found) {
      const differs = isSigned(found, 'version') ? differsFrom(data, found.statement) : 'it is no version';
      if (differs) wrong.push(`${versionName(data)}: ${differs}`);
      continue;
    }
    const others = related
      .of('version')
      .filter(([, { statement }]) => statement.datanet === data.datanet && statement.number === data.number);
    if (others.length > 0) wrong.push(`${versionName(data)}: another one with this number was given`);
    else missing.push(versionName(data));
  }
  if (wrong.length > 0) list.fails(name, `Versions are not what it says of them: ${listed(wrong)}.`);
  else if (missing.length > 0) {
    list.unknown(name, `Not all versions that it used were given with it: ${listed(missing)}.`);
  } else {
    list.holds(
      name,
      'Each version that it used was given with it, and has the Merkle root, the number, the name and the licence that it says.'
    );
  }
}

function differsFrom(data: ManifestData, version: Version): string | undefined {
  if (version.rows.root !== data.root) return `its Merkle root is ${short(version.rows.root)}`;
  if (version.datanet !== data.datanet) return 'it is of another Datanet';
  if (version.number !== data.number) return `its number is ${version.number}`;
  if (version.facts.name !== data.name) return `its name is ${quoted(version.facts.name)}`;
  if (version.facts.licence.spdx !== data.licence.spdx) {
    return `its licence is ${quoted(version.facts.licence.spdx)}`;
  }
  return undefined;
}

function versionName({ name, number }: ManifestData): string {
  return `${quoted(name)}, version ${number}`;
}

async function checkReceipt(
  list: CheckList,
  receipt: AttributionReceipt,
  related: Related,
  options: PaceOptions
): Promise<void> {
  const { shares, sharesRoot, adapter, method } = receipt;
  await list.attempt('shares', async () => {
    const { root } = await MerkleTree.ofShares(shares, { ...options, count: shares.length });
    const whole = shares.some(({ share }) => share > 0) ? 'add up to the whole' : 'are all zero';
    list.expect(
      'shares',
      root === sharesRoot,
      `The ${shares.length.toLocaleString('en')} shares ${whole}, and have the Merkle root that stands for them.`,
      `The shares have another Merkle root than the one that stands for them: ${short(root)}.`
    );
  });
  await list.attempt('adapter', () => checkAdapter(list, adapter, related, options));
  const manifest = answered(list, 'manifest', 'run-manifest', receipt.manifest, related)?.statement;
  if (manifest) {
    const late = method.moments.filter((step) => step > manifest.steps);
    list.expect(
      'run',
      manifest.adapter.sha256 === adapter && late.length === 0,
      'It is about the adapter of that run, and was measured at steps that the run took.',
      manifest.adapter.sha256 === adapter
        ? `It was measured at step ${late[0]}, and that run took ${manifest.steps} steps.`
        : 'It is about another adapter than the one that the run made.'
    );
    checkContributors(list, shares, manifest, related);
  }
  checkWallets(list, shares, related);
}

/** Whether those who have a share wrote rows of the versions that the run used. */
function checkContributors(
  list: CheckList,
  shares: AttributionReceipt['shares'],
  { datanets, data }: RunManifest,
  related: Related
): void {
  const name = 'contributors';
  const known = new Set<string>();
  let unknown = datanets.reduce(
    (rows, { rows: count, part }) => rows - (part === 'used' ? count : 0),
    data.rows
  );
  for (const { version } of datanets) {
    const found = related.find(version);
    if (found && isSigned(found, 'version')) {
      for (const { id } of found.statement.contributors) known.add(id);
    } else unknown = Infinity;
  }
  const strangers = shares.filter(({ id }) => !known.has(id)).map(({ name: who, id }) => quoted(who || id));
  if (strangers.length === 0) {
    list.holds(name, 'Everybody who has a share is a contributor of a version that the run used.');
  } else if (unknown > 0) {
    list.unknown(
      name,
      `Whether rows of theirs were used cannot be seen without all versions and rows of the run: ${listed(strangers)}.`
    );
  } else {
    list.fails(name, `No version that the run used names them as contributors: ${listed(strangers)}.`);
  }
}

/** Whether those who are paid by it said themselves that the wallets are theirs. */
function checkWallets(list: CheckList, shares: AttributionReceipt['shares'], related: Related): void {
  const name = 'payees';
  const own = new Set<string>();
  for (const [, { statement }] of related.of('wallet-link'))
    own.add(`${statement.by.id} ${statement.address}`);
  for (const [, { statement, wallet }] of related.of('contribution')) {
    if (wallet) own.add(`${statement.by.id} ${wallet.address}`);
  }
  const payees = shares.filter(({ wallet }) => wallet !== undefined);
  const unproven = payees.filter(({ id, wallet }) => !own.has(`${id} ${wallet}`));
  if (payees.length === 0) return;
  if (unproven.length === 0) {
    list.holds(name, 'Each wallet in it is one that its contributor signed to be theirs.');
  } else {
    list.unknown(
      name,
      `That these wallets are theirs, only the signer of the receipt says; links to wallets that they signed were not given: ${listed(unproven.map(({ name: who, id }) => quoted(who || id)))}.`
    );
  }
}
