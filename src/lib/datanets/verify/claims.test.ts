/** What is claimed of a model fits itself and what was given with it, holds until it is taken back, and travels with the adapter. */
import { zipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyWalletSignature } from '../../attribution/claims/wallet-signature';
import { writeModelCard, type ModelCard } from '../../formats/model-card';
import { peftConfig } from '../../formats/peft';
import { writeSafetensors } from '../../formats/safetensors';
import { canonicalJson } from '../canonical';
import { createIdentity, type Identity } from '../trust/identity';
import { signStatement, statementCid } from '../trust/sign';
import type {
  AttributionReceipt,
  Retraction,
  RunManifest,
  Signed,
  Statement,
  Version
} from '../trust/statements';
import { everyStatement, someCid, someRoot } from '../trust/testing';
import { NoSuchShareError, shareProofOf, type ShareProof } from './share-proof';
import { changesOf, fitting } from './testing';
import { verifyFile, verifyFiles, type VerifyReport } from './verify';
import { allHold } from './report';
import { NamedFile, sha256OfAll } from './weights';

const now = new Date('2026-11-25T00:00:00.000Z');
const options = { now, checkWallet: verifyWalletSignature };
const json = (value: unknown) => new Blob([canonicalJson(value)]);
const verify = (blob: Blob, ...related: Blob[]) => verifyFile(blob, 'file', { ...options, related });
const failing = ({ checks }: VerifyReport) => checks.filter(({ state }) => state === 'fails');
const unknown = ({ checks }: VerifyReport) =>
  checks.filter(({ state }) => state === 'unknown').map(({ name }) => name);
const stateOf = ({ checks }: VerifyReport, name: string) =>
  checks.find((check) => check.name === name)?.state;
const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());

/** One half of one adapter, or of a model, as its name says. */
function weights(name: string, value: number): Blob {
  return new Blob([
    writeSafetensors([{ name, shape: [2, 2], data: Float32Array.from([value, 0, 0, 1]) }]) as BlobPart
  ]);
}
const digest = (blob: Blob) => NamedFile.ofBlob('other', blob).sha256();
const adapter = weights('base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight', 1);
const otherAdapter = weights('base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight', 2);
const base = new Blob(['GGUF', new Uint8Array(60)]);
const shards = [
  weights('model.norm.weight', 1),
  weights('lm_head.weight', 1),
  new Blob(['{"hidden_size":2}'])
];

let trainer: Identity;
let writer: Identity;
let version: Signed<Version>;
let manifest: Signed<RunManifest>;
let receipt: Signed<AttributionReceipt>;

async function sign<S extends Statement>(by: Identity, statement: S): Promise<Signed<S>> {
  return signStatement(by, await fitting({ ...statement, by: by.person }));
}
const manifestOf = (said: Partial<RunManifest> = {}) => sign(trainer, { ...manifest.statement, ...said });
const receiptOf = (said: Partial<AttributionReceipt> = {}) =>
  sign(trainer, { ...receipt.statement, ...said });
const retract = (by: Identity, claim: Signed) =>
  sign<Retraction>(by, {
    ...{ kind: 'retraction', by: by.person, created: '2026-11-24T12:00:00.000Z' },
    ...{ claim: statementCid(claim), reason: 'Wrong rows' }
  });

beforeAll(async () => {
  [trainer, writer] = await Promise.all(['Ada', 'Bo'].map((name) => createIdentity(name)));
  const all = everyStatement(trainer.person, writer.person);
  version = await sign(trainer, { ...all.version, rows: { ...all.version.rows, count: 10 } });
  const { datanet, facts, number, rows } = version.statement;
  const [entry] = all['run-manifest'].datanets;
  manifest = await sign(trainer, {
    ...all['run-manifest'],
    base: { name: 'starter', sha256: await digest(base) },
    config: {
      ...all['run-manifest'].config,
      alpha: 16,
      dropout: 0.1,
      rsLora: true,
      targets: 'v_proj, q_proj'
    },
    adapter: { sha256: await digest(adapter) },
    datanets: [
      {
        ...{ ...entry, datanet, number, name: facts.name, licence: facts.licence, root: rows.root },
        ...{ version: statementCid(version), rows: 10 }
      }
    ]
  });
  receipt = await sign(trainer, {
    ...all['attribution-receipt'],
    manifest: statementCid(manifest),
    adapter: manifest.statement.adapter.sha256,
    shares: [{ id: writer.person.id, name: 'Bo', rows: 10, share: 1_000_000, low: 0, high: 1_000_000 }]
  });
});

describe('a run manifest', () => {
  it('holds in every check with adapter, base and version at hand, and says alone what is missing', async () => {
    expect(allHold(await verify(json(manifest), adapter, base, json(version)))).toBe(true);
    const alone = await verify(json(manifest));
    expect(failing(alone)).toEqual([]);
    expect(unknown(alone)).toEqual(['adapter', 'base', 'versions', 'retraction']);
  });

  it('knows a base of several files by all of them, and no part of them alone', async () => {
    const sha256 = sha256OfAll(await Promise.all(shards.map(digest)));
    const ofFolder = await manifestOf({ base: { name: 'folder', sha256 } });
    const report = await verify(json(ofFolder), adapter, json(version), ...shards);
    expect(allHold(report)).toBe(true);
    expect(stateOf(await verify(json(ofFolder), shards[0]), 'base')).toBe('unknown');
    expect(stateOf(await verify(json(ofFolder), base), 'base')).toBe('fails');
  });

  it.each<[string, string, () => Promise<Signed>, () => Blob[]]>([
    ['another adapter', 'adapter', async () => manifest, () => [otherAdapter]],
    ['another base', 'base', async () => manifest, () => [new Blob(['GGUF', new Uint8Array(61)])]],
    [
      'options of another SHA-256',
      'options',
      () => signStatement(trainer, { ...manifest.statement, configSha256: 'f'.repeat(64) }),
      () => []
    ],
    ['an end that is over', 'expiry', () => manifestOf({ expires: '2026-11-24T23:59:59Z' }), () => []],
    [
      'another root of its version',
      'versions',
      () => manifestOf({ datanets: [{ ...manifest.statement.datanets[0], root: someRoot('9') }] }),
      () => [json(version)]
    ],
    [
      'another licence of its version',
      'versions',
      () => manifestOf({ datanets: [{ ...manifest.statement.datanets[0], licence: { spdx: 'CC0-1.0' } }] }),
      () => [json(version)]
    ],
    [
      'another version with that number',
      'versions',
      () => manifestOf({ datanets: [{ ...manifest.statement.datanets[0], version: someCid('w') }] }),
      () => [json(version)]
    ],
    [
      'a version that is none',
      'versions',
      () =>
        manifestOf({ datanets: [{ ...manifest.statement.datanets[0], version: statementCid(manifest) }] }),
      () => [json(manifest)]
    ]
  ])('fails with %s', async (_, name, make, related) => {
    expect(failing(await verify(json(await make()), ...related())).map((check) => check.name)).toEqual([
      name
    ]);
  });
});

describe('an attribution receipt', () => {
  it('holds in every check with all that it rests on, and says alone what is missing', async () => {
    const report = await verify(json(receipt), json(manifest), adapter, json(version));
    expect(allHold(report)).toBe(true);
    const alone = await verify(json(receipt));
    expect(failing(alone)).toEqual([]);
    expect(unknown(alone)).toEqual(['adapter', 'manifest', 'retraction']);
  });

  it.each<[string, string, () => Promise<Signed>]>([
    [
      'shares of another root',
      'shares',
      () => signStatement(trainer, { ...receipt.statement, sharesRoot: someRoot('9') })
    ],
    ['another adapter than the run made', 'run', () => receiptOf({ adapter: 'e'.repeat(64) })],
    [
      'a moment that the run never had',
      'run',
      () => receiptOf({ method: { ...receipt.statement.method, moments: [99, 100] } })
    ],
    [
      'somebody who wrote no row',
      'contributors',
      () =>
        receiptOf({
          shares: [
            ...receipt.statement.shares,
            { id: 'Mallory', name: 'Mallory', rows: 1, share: 0, low: 0, high: 0 }
          ]
        })
    ],
    ['a manifest that is none', 'manifest', () => receiptOf({ manifest: statementCid(version) })],
    ['an end that is over', 'expiry', () => receiptOf({ expires: '2026-11-24T23:59:59Z' })]
  ])('fails with %s', async (_, name, make) => {
    const report = await verify(json(await make()), json(manifest), json(version));
    expect(failing(report).map((check) => check.name)).toEqual([name]);
    expect(failing(report)[0].reason.length).toBeGreaterThan(30);
  });

  it('cannot say of rows without a Datanet whose they are', async () => {
    const more = await manifestOf({ data: { ...manifest.statement.data, rows: 11 } });
    const stranger = { id: 'Cy', name: 'Cy', rows: 1, share: 0, low: 0, high: 0 };
    const of = await receiptOf({
      manifest: statementCid(more),
      shares: [...receipt.statement.shares, stranger]
    });
    const report = await verify(json(of), json(more), json(version), adapter);
    expect(failing(report)).toEqual([]);
    expect(unknown(report)).toEqual(['contributors']);
  });

  it('pays wallets that are known to be their contributor’s only with that person’s word', async () => {
    const [share] = receipt.statement.shares;
    const wallet = '0x52908400098527886E0F7030069857D2E4169EE7';
    const paid = await receiptOf({ shares: [{ ...share, wallet }] });
    const link = (by: Identity) =>
      sign(by, { ...everyStatement(by.person, by.person)['wallet-link'], address: wallet });
    expect(stateOf(await verify(json(paid), json(await link(writer))), 'payees')).toBe('holds');
    expect(stateOf(await verify(json(paid), json(await link(trainer))), 'payees')).toBe('unknown');
  });
});

describe('a retraction', () => {
  it('ends the claims of its own signer, and no others', async () => {
    const validation = await sign(trainer, everyStatement(trainer.person, writer.person).validation);
    for (const claim of [manifest, receipt, validation]) {
      const [own, foreign] = await Promise.all([retract(trainer, claim), retract(writer, claim)]);
      const ended = await verify(json(claim), json(own));
      expect(failing(ended)).toMatchObject([
        { name: 'retraction', reason: expect.stringMatching(/24 November 2026.*“Wrong rows”/) as string }
      ]);
      expect(failing(await verify(json(claim), json(foreign)))).toEqual([]);
      expect(allHold(await verify(json(own), json(claim)))).toBe(true);
      expect(failing(await verify(json(foreign), json(claim)))).toMatchObject([{ name: 'right' }]);
    }
  });

  it('takes back no version, and says where the claim is not at hand', async () => {
    const taken = json(await retract(trainer, version));
    expect(failing(await verify(taken, json(version)))).toMatchObject([{ name: 'claim' }]);
    expect(unknown(await verify(taken))).toEqual(['claim']);
  });
});

describe('the proof of a share', () => {
  let proof: ShareProof;
  let shared: Signed<AttributionReceipt>;
  beforeAll(async () => {
    const share = { rows: 1, low: 0, high: 1_000_000 };
    shared = await receiptOf({
      shares: [400_000, 350_000, 250_000].map((millionths, i) => ({
        ...share,
        ...{ id: `did:${i}`, name: `N${i}`, share: millionths }
      }))
    });
    proof = await shareProofOf(shared.statement, 'did:1');
  });

  it('holds with the receipt; alone, who signed the root is unknown', async () => {
    for (const { id, share } of shared.statement.shares) {
      const each = await shareProofOf(shared.statement, id);
      expect(each.value).toEqual([id, share]);
      const report = await verify(json(each), json(shared));
      expect([report.kind, allHold(report)]).toEqual(['share-proof', true]);
    }
    expect(unknown(await verify(json(proof)))).toEqual(['receipt']);
    await expect(shareProofOf(shared.statement, 'Mallory')).rejects.toThrow(NoSuchShareError);
  });

  it('fails, with the reason, where any field is another, is missing or is added', async () => {
    let tried = 0;
    for (const [path, changed] of changesOf(proof)) {
      const report = await verify(json(changed), json(shared));
      expect(failing(report).length, `${path} was changed`).toBeGreaterThan(0);
      expect(failing(report)[0].reason.length).toBeGreaterThan(20);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(15);
  });

  it('fails for the root of another receipt, also one that names the same person', async () => {
    expect(failing(await verify(json(proof), json(receipt)))).toMatchObject([{ name: 'receipt' }]);
    const larger = await receiptOf({
      shares: shared.statement.shares.map((each, i) => ({ ...each, share: [250_000, 400_000, 350_000][i] }))
    });
    const forged = { ...(await shareProofOf(larger.statement, 'did:1')), root: proof.root };
    expect(failing(await verify(json(forged), json(shared)))).toMatchObject([{ name: 'proof' }]);
  });
});

describe('the archive of an adapter', () => {
  type Files = Record<string, Uint8Array>;
  let files: Files;
  const config = peftConfig({
    ...{ baseModel: 'starter', rank: 8, alpha: 16, dropout: 0.1, rsLora: true },
    targetModules: ['q_proj', 'v_proj']
  });
  const withConfig = async (other: unknown): Promise<Files> => ({
    ...files,
    'adapter_config.json': await bytesOf(json(other))
  });
  const zip = (content: Files, level: 0 | 9 = 0) =>
    new Blob([zipSync(content, { level }) as Uint8Array<ArrayBuffer>]);
  beforeAll(async () => {
    const { sha256 } = manifest.statement.adapter;
    const run = { sha256: { adapter: sha256 } };
    const card: ModelCard = {
      ...{ name: 'Pelhaven', sha256, base: { name: 'starter' }, data: [], contributors: [], claims: [] },
      lora: { rank: 8, alpha: 16, targets: ['q_proj', 'v_proj'], rsLora: true }
    };
    files = {
      'adapter_config.json': await bytesOf(json(config)),
      'adapter_model.safetensors': await bytesOf(adapter),
      'run.json': await bytesOf(json(run)),
      'README.md': await bytesOf(new Blob([await writeModelCard(card)])),
      'claims/run-manifest.json': await bytesOf(json(manifest)),
      'claims/attribution-receipt.json': await bytesOf(json(receipt))
    };
  });

  it('holds as it is exported, and packed by other programs, with what its claims rest on', async () => {
    const inFolder = Object.fromEntries(Object.entries(files).map(([name, data]) => [`a/${name}`, data]));
    for (const blob of [zip(files), zip(files, 9), zip(inFolder)]) {
      const report = await verify(blob, base, json(version));
      expect(report.kind).toBe('adapter');
      expect(report.checks.filter(({ state }) => state !== 'holds')).toEqual([]);
      expect(report.words.join(' ')).toMatch(/was made of the base model “starter”.*Whose rows made/s);
      const names = report.checks.map(({ name }) => name);
      expect(names).toContain('run-manifest.json: signature');
      expect(names).toContain('attribution-receipt.json: contributors');
    }
    expect(unknown(await verify(zip(files)))).toEqual([
      ...['run-manifest.json: base', 'run-manifest.json: versions', 'run-manifest.json: retraction'],
      ...['attribution-receipt.json: contributors', 'attribution-receipt.json: retraction']
    ]);
  });

  it('is what a manifest is compared with, and brings its claims to others', async () => {
    const report = await verify(json(manifest), zip(files), base, json(version));
    expect(allHold(report)).toBe(true);
    expect(allHold(await verify(json(receipt), zip(files), json(version)))).toBe(true);
  });

  it.each<[string, RegExp, (all: Files) => Promise<Files>]>([
    [
      'other weights than it claims',
      /^(run\.json|README\.md|run-manifest\.json: adapter|attribution-receipt\.json: adapter|claims)$/,
      async (all) => ({ ...all, 'adapter_model.safetensors': await bytesOf(otherAdapter) })
    ],
    [
      'weights that are none',
      /^weights$/,
      async (all) => ({ ...all, 'adapter_model.safetensors': await bytesOf(new Blob(['none at all'])) })
    ],
    ['no configuration', /^archive$/, async ({ 'adapter_config.json': _, ...rest }) => rest],
    [
      'a configuration that is none',
      /^configuration$|^run-manifest\.json: configuration$/,
      async (all) => ({ ...all, 'adapter_config.json': await bytesOf(new Blob(['none'])) })
    ],
    ['no weights', /^archive$/, async ({ 'adapter_model.safetensors': _, ...rest }) => rest],
    [
      'a claim that was changed',
      /^run-manifest\.json: (signature|form)$|^attribution-receipt\.json: manifest$/,
      async (all) => ({
        ...all,
        'claims/run-manifest.json': await bytesOf(
          json({ ...manifest, statement: { ...manifest.statement, steps: 98 } })
        )
      })
    ],
    [
      'a receipt of another run',
      /^attribution-receipt\.json: run$/,
      async (all) => {
        const another = await manifestOf({ adapter: { sha256: 'd'.repeat(64) } });
        const stray = await receiptOf({ manifest: statementCid(another) });
        return {
          ...all,
          'claims/another.json': await bytesOf(json(another)),
          'claims/attribution-receipt.json': await bytesOf(json(stray))
        };
      }
    ],
    [
      'a claim that is none',
      /^note\.json: file$/,
      async (all) => ({ ...all, 'claims/note.json': await bytesOf(new Blob(['hello'])) })
    ]
  ])('fails with %s', async (what, names, change) => {
    const found = failing(await verify(zip(await change(files)), base, json(version)));
    expect(found.length).toBeGreaterThan(0);
    // Of another run's manifest, that it is about another adapter is said, too.
    const said = found.filter(
      ({ name }) => what !== 'a receipt of another run' || !name.startsWith('another')
    );
    for (const { name, reason } of said)
      expect([name, reason.length > 20]).toEqual([expect.stringMatching(names), true]);
  });

  it('fails, and says which field, where the configuration is another than that of the run', async () => {
    const needed =
      /^ without (r|lora_alpha|lora_dropout|use_rslora|target_modules|base_model_name_or_path|peft_type)$/;
    // What is not there is off, and two fields say nothing of what the weights do.
    const harmless = /^ without |^\.(inference_mode|megatron_core)$/;
    let tried = 0;
    for (const [path, other] of changesOf(config)) {
      if (harmless.test(path) && !needed.test(path)) continue;
      const field = /^ with/.test(path) ? path.split(' ').at(-1) : /\w+/.exec(path)?.[0];
      const report = await verify(zip(await withConfig(other)));
      // That the card is about another one, too, its own check says.
      const found = failing(report).filter(({ name }) => name !== 'README.md');
      expect(found, path).toMatchObject([
        {
          name: 'run-manifest.json: configuration',
          reason: expect.stringContaining(` ${field} is `) as string
        }
      ]);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(20);
  });

  it.each([
    ...[
      { modules_to_save: ['lm_head'] },
      { use_dora: true },
      { bias: 'all' },
      { rank_pattern: { q_proj: 4 } }
    ],
    ...[
      { layers_to_transform: [0] },
      { init_lora_weights: 'pissa' },
      { revision: 'other' },
      { lora_bias: true }
    ],
    ...[{ target_modules: 'all-linear' }, { target_parameters: ['experts'] }, { peft_type: 'LOHA' }]
  ])('fails where the configuration has %j', async (more) => {
    const report = await verify(json(manifest), zip(await withConfig({ ...config, ...more })));
    expect(failing(report).map(({ name }) => name)).toEqual(['configuration']);
    expect(failing(report)[0].reason).toContain(`${Object.keys(more)[0]} is `);
  });

  it('holds with a configuration as PEFT writes the same', async () => {
    const { init_lora_weights: _, layer_replication: __, ...less } = config;
    const same = { ...less, target_modules: ['v_proj', 'q_proj'], peft_version: '0.17.0', eva_config: null };
    const report = await verify(zip(await withConfig({ ...same, qalora_group_size: 16, lora_bias: false })));
    expect(failing(report)).toEqual([]);
    expect(stateOf(report, 'run-manifest.json: configuration')).toBe('holds');
  });

  it('does not know whether it fits a manifest that tells not all of it', async () => {
    const { alpha: _, ...rest } = manifest.statement.config;
    const report = await verify(json(await manifestOf({ config: rest })), zip(files));
    expect(failing(report)).toEqual([]);
    expect(report.checks.find(({ name }) => name === 'configuration')).toMatchObject({
      ...{ state: 'unknown', reason: expect.stringContaining('alpha') as string }
    });
  });

  it('fails where a retraction is given with it', async () => {
    const report = await verify(zip(files), json(await retract(trainer, receipt)));
    expect(failing(report)).toMatchObject([{ name: 'attribution-receipt.json: retraction' }]);
  });

  it('says of weights alone who claims them', async () => {
    const [first, second, third] = await verifyFiles(
      [adapter, base, json(manifest)].map((blob, i) => ({ name: `${i}`, blob })),
      options
    );
    expect([first.kind, allHold(first)]).toEqual(['adapter', true]);
    expect([second.kind, allHold(second)]).toEqual(['model', true]);
    expect(failing(third)).toEqual([]);
    expect(unknown(await verify(otherAdapter, json(manifest)))).toEqual(['claims']);
  });

  it('fails where any byte of its files is another', { timeout: 30_000 }, async () => {
    const bytes = await bytesOf(zip({ ...files, 'README.md': new Uint8Array() }));
    const named = new TextDecoder('latin1').decode(bytes);
    let tried = 0;
    for (let at = 0; at < named.indexOf('PK\u0001\u0002'); at += 23) {
      // Dates and the like, which nobody reads, stand at these places of the head of a file.
      if (at - named.lastIndexOf('PK\u0003\u0004', at) < 30) continue;
      const changed = bytes.slice();
      changed[at] ^= 4;
      const report = await verify(new Blob([changed]));
      expect(failing(report).length, `byte ${at}`).toBeGreaterThan(0);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(120);
  });
});
