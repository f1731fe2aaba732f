/** An adapter carries who made it and how; whoever receives it sees what of that holds. */
import 'fake-indexeddb/auto';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { canonicalJson } from '../../datanets/canonical';
import type { Signed } from '../../datanets/trust/statements';
import { MemoryFileCache } from '../../formats/file-cache';
import { verifyFile, type Check } from '../../datanets/verify/verify';
import { DataService } from '../data-service';
import { Browser } from '../datanets/testing-people';
import { HubLibrary } from '../hub-library';
import { ClaimService } from './service';
import { contributor, madeRun, measured, publish } from './testing-claims';

let ada: Browser;
let bo: Browser;

beforeEach(async () => {
  ada = await Browser.of('Ada');
  bo = await Browser.of('Bo');
});

const data = ({ store }: Browser) =>
  new DataService(Promise.resolve(store), new HubLibrary(new MemoryFileCache()));
const claims = (browser: Browser) => new ClaimService(Promise.resolve(browser.store), () => browser.now);

type Files = Record<string, Uint8Array>;

/** A run of Ada's on a Datanet, measured and signed; the files of its folder. */
async function signedFolder(): Promise<{ files: Files; adapter: string; manifest: string; receipt: string }> {
  const id = await ada.create();
  await ada.write(id, 'The harbour opens at six.');
  const use = await publish(ada, id);
  const { adapter, run } = await madeRun(ada, {
    versions: [use],
    heldOut: { rows: 2, before: 2, after: 1 }
  });
  await measured(ada, run, [contributor(ada.person.id, 0.75, { name: 'Ada' }), contributor('Sal', 0.25)]);
  const { cid: manifest } = await ada.sign({ kind: 'run-manifest', adapter });
  const { cid: receipt } = await ada.sign({ kind: 'attribution-receipt', adapter });
  const zip = await data(ada).exportAdapter(adapter);
  return { files: unzipSync(new Uint8Array(await zip.arrayBuffer())), adapter, manifest, receipt };
}

async function importInto(browser: Browser, files: Files): Promise<string> {
  const zip = new File([zipSync(files) as Uint8Array<ArrayBuffer>], 'Harbour.zip');
  return (await data(browser).importAdapter([zip])).id;
}

const failing = (checks: Check[] = []) => checks.filter(({ state }) => state === 'fails');
const namesOf = (checks: Check[]) => checks.map(({ name }) => name);

describe('the folder of an adapter', () => {
  it('holds record, claims and a card, and Bo sees all of it hold', async () => {
    const { files, manifest, receipt } = await signedFolder();
    expect(Object.keys(files)).toEqual([
      ...['adapter_config.json', 'adapter_model.safetensors', 'run.json', 'README.md'],
      ...['claims/run-manifest.json', 'claims/attribution-receipt.json']
    ]);
    const card = strFromU8(files['README.md']);
    expect(parse(card.split('---')[1])).toMatchObject({
      base_model: 'tabtune-starter',
      license: 'cc-by-4.0'
    });
    expect(card).toMatch(/\| Ada \| 75\.00 % \|[^]*claims\/run\\?-manifest/);

    const adapter = await importInto(bo, files);
    const provenance = await claims(bo).provenance(adapter);
    expect(provenance.manifest?.cid).toBe(manifest);
    expect(provenance.receipt?.cid).toBe(receipt);
    expect(provenance.card).toBe(card);
    expect(failing(provenance.manifest?.checks)).toEqual([]);
    expect(failing(provenance.receipt?.checks)).toEqual([]);
    const holding = provenance.manifest!.checks.filter(({ state }) => state === 'holds');
    expect(namesOf(holding)).toEqual(expect.arrayContaining(['form', 'signature', 'adapter']));
    const list = await claims(bo).claims();
    expect(list.map(({ kind, own, by, adapter: of }) => [kind, own, by, of])).toEqual(
      expect.arrayContaining([
        ['run-manifest', false, 'Ada', adapter],
        ['attribution-receipt', false, 'Ada', adapter]
      ])
    );
  });

  it('goes on from Bo as it came', async () => {
    const { files } = await signedFolder();
    const adapter = await importInto(bo, files);
    const again = unzipSync(new Uint8Array(await (await data(bo).exportAdapter(adapter)).arrayBuffer()));
    const { 'run.json': _, ...rest } = files;
    expect(again).toEqual(rest);
  });

  it('is refused where its weights were changed since, whichever of its files still speaks of them', async () => {
    const { files } = await signedFolder();
    const weights = files['adapter_model.safetensors'].slice();
    weights[weights.length - 1] ^= 1;
    const named = ['run.json', 'claims/run-manifest.json', 'claims/attribution-receipt.json'];
    const all: Files = { ...files, 'adapter_model.safetensors': weights };
    const rest = Object.fromEntries(Object.entries(all).filter(([name]) => !named.includes(name)));
    for (const name of named) {
      await expect(importInto(bo, { ...rest, [name]: all[name] })).rejects.toThrow(
        `The weights in Harbour.zip are not those that ${name} beside them is about`
      );
    }
    expect(await bo.store.adapters()).toEqual([]);
    // With nothing that speaks of others, they are somebody's weights.
    await importInto(bo, rest);
  });

  it('is what Verify says of it, its model card compared with the rest', async () => {
    const { files } = await signedFolder();
    const card = strFromU8(files['README.md']);
    const look = async (text: string) => {
      const zip = new Blob([zipSync({ ...files, 'README.md': strToU8(text) }) as Uint8Array<ArrayBuffer>]);
      const { checks } = await verifyFile(zip, 'Harbour.zip', { now: bo.now });
      return checks.find(({ name }) => name === 'README.md');
    };
    expect(await look(card)).toMatchObject({
      ...{ state: 'holds', reason: expect.stringContaining('no signature covers its other words') as string }
    });
    for (const [change, what] of [
      [(text: string) => text.replace(/(safetensors` is `)./, '$1x'), undefined],
      [(text: string) => text.replace(/(safetensors` is `)[0-9a-f]{4}/, '$1dead'), 'SHA-256 of the weights'],
      [(text: string) => text.replace('rank 2', 'rank 4'), 'the rank is “2”, not “4”'],
      [(text: string) => text.replace('alpha 4', 'alpha 8'), 'alpha is “4”, not “8”'],
      [(text: string) => text.replace('alpha / rank', 'alpha / sqrt(rank)'), 'use_rslora'],
      [
        (text: string) =>
          text.replace(/(adapter for )[^,]*/, '$1another').replace('"tabtune-starter"', '"another"'),
        'not “another”'
      ],
      [(text: string) => text.replace('"tabtune-starter"', '"another"'), undefined],
      [
        (text: string) => text.replace(/(base has the SHA-256 `)[0-9a-f]{4}/, '$1dead'),
        'SHA-256 of the base'
      ],
      [() => '# Harbour', undefined],
      [(text: string) => text + text, undefined]
    ] as const) {
      const changed = change(card);
      expect(changed).not.toBe(card);
      expect(await look(changed), what).toMatchObject(
        what === undefined
          ? { state: 'unknown', reason: expect.stringContaining('no signature covers') as string }
          : { state: 'fails', reason: expect.stringContaining(what) as string }
      );
    }
  });

  it.each([
    ['lora_alpha', 64],
    ['use_rslora', true],
    ['base_model_name_or_path', 'another']
  ])('shows a configuration of which %s was changed since', async (field, value) => {
    const { files } = await signedFolder();
    const config = JSON.parse(strFromU8(files['adapter_config.json'])) as object;
    const changed = strToU8(JSON.stringify({ ...config, [field]: value }));
    const adapter = await importInto(bo, { ...files, 'adapter_config.json': changed });
    const { manifest } = await claims(bo).provenance(adapter);
    expect(failing(manifest?.checks)).toMatchObject([
      { name: 'configuration', reason: expect.stringContaining(`${field} is `) as string }
    ]);
  });

  it('shows a claim in which anything was changed, and does not list it', async () => {
    const { files } = await signedFolder();
    const manifest = JSON.parse(strFromU8(files['claims/run-manifest.json'])) as Signed;
    const forged = canonicalJson({ ...manifest, statement: { ...manifest.statement, steps: 99 } });
    const adapter = await importInto(bo, { ...files, 'claims/run-manifest.json': strToU8(forged) });
    const provenance = await claims(bo).provenance(adapter);
    expect(provenance.manifest?.signed.statement.steps).toBe(99);
    expect(namesOf(failing(provenance.manifest?.checks))).toContain('signature');
    expect((await claims(bo).claims()).map(({ kind }) => kind)).not.toContain('run-manifest');
    expect((await bo.store.adapters()).map(({ id }) => id)).toContain(adapter);
  });

  it('is imported also where no claim in it can be read', async () => {
    const { files } = await signedFolder();
    const adapter = await importInto(bo, {
      ...files,
      'claims/run-manifest.json': strToU8('{"statement":'),
      // A good claim under another's name.
      'claims/attribution-receipt.json': files['claims/run-manifest.json']
    });
    const provenance = await claims(bo).provenance(adapter);
    expect(provenance.manifest).toBeUndefined();
    expect(provenance.receipt).toBeUndefined();
    expect(provenance.unreadable?.map(({ file }) => file)).toEqual([
      'claims/run-manifest.json',
      'claims/attribution-receipt.json'
    ]);
    for (const { checks } of provenance.unreadable ?? []) expect(failing(checks)).not.toEqual([]);
  });

  it('of an adapter that nobody signed has a card, and nothing else is said of it', async () => {
    const { adapter, run } = await madeRun(ada);
    const zip = await data(ada).exportAdapter(adapter);
    const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    expect(Object.keys(files)).toEqual([
      ...['adapter_config.json', 'adapter_model.safetensors', 'run.json', 'README.md']
    ]);
    expect(strFromU8(files['README.md'])).toMatch(/Nobody has signed/);
    expect(await claims(ada).provenance(adapter)).toEqual({ run: { id: run, measured: false } });
  });
});

describe('claims that are kept', () => {
  it('are ended by whoever made them, and by nobody else', async () => {
    const { files, adapter: own, manifest } = await signedFolder();
    const adapter = await importInto(bo, files);
    const kept = await claims(bo).claim(manifest);
    expect(kept.report.checks.filter(({ state }) => state === 'fails')).toEqual([]);
    expect(kept.words.join(' ')).toContain('SwiftShader');

    const strangers = await bo.signAs({ kind: 'retraction', claim: manifest, reason: 'I do not like it' });
    await expect(ada.open(strangers)).rejects.toThrow(/Only who made it can/);
    // Also one that got in before the claim was known ends nothing.
    const cyn = await Browser.of('Cyn');
    await cyn.exchange.keep((await cyn.open(strangers)).received);
    await importInto(cyn, files);
    expect((await claims(cyn).claims()).find(({ cid }) => cid === manifest)?.ended).toBeUndefined();

    const retraction = await ada.sign({ kind: 'retraction', claim: manifest, reason: 'Wrong rows' });
    await bo.take(retraction);
    const ended = (await claims(bo).claims()).find(({ cid }) => cid === manifest);
    expect(ended?.ended).toContain('Wrong rows');
    expect(failing((await claims(bo).provenance(adapter)).manifest?.checks)).not.toEqual([]);
    // What was taken back does not leave any more.
    const zip = await data(ada).exportAdapter(own);
    const again = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    expect(Object.keys(again)).not.toContain('claims/run-manifest.json');
  });

  it('can be handed over as a file or link of their own, and find the adapter that is there', async () => {
    const { files, manifest } = await signedFolder();
    const { 'claims/run-manifest.json': _, 'claims/attribution-receipt.json': __, ...bare } = files;
    const adapter = await importInto(bo, bare);
    const signed = await ada.exchange.signedFile(manifest);
    expect((await bo.open(signed.fragment!)).effect).toContain('adapter is in this browser');
    await bo.take(signed);
    expect((await claims(bo).provenance(adapter)).manifest?.cid).toBe(manifest);
    expect((await bo.open(signed.file)).effect).toContain('here already');
    await expect(ada.open(signed.file)).rejects.toThrow(/You signed this yourself/);
  });

  it('keep their anchors and what was paid by them', async () => {
    const { manifest, receipt } = await signedFolder();
    const anchor = {
      ...{ chainId: 1, uid: '0x1', transaction: '0x2', attester: '0x3', created: 5 }
    };
    await claims(ada).noteAnchor(manifest, anchor);
    await claims(ada).noteAnchor(manifest, { ...anchor, revoked: '0x4' });
    expect((await claims(ada).claims()).find(({ cid }) => cid === manifest)?.anchors).toEqual([
      { ...anchor, revoked: '0x4' }
    ]);
    await expect(claims(ada).noteAnchor('bafkreinone', anchor)).rejects.toThrow();
    const payout = {
      ...{ id: 'p', receipt, engine: 'payment-splitter' as const, chainId: 1, address: '0x5' },
      ...{ transaction: '0x6', created: 6, payees: [], payments: [] }
    };
    await claims(ada).notePayout(payout);
    expect(await claims(ada).payouts()).toEqual([payout]);
  });

  it('are over when they say so', async () => {
    const { adapter } = await madeRun(ada);
    const { cid } = await ada.sign({ kind: 'run-manifest', adapter, expires: '2126-12-01T00:00:00Z' });
    const ended = async () => (await claims(ada).claims()).find((each) => each.cid === cid)?.ended;
    expect(await ended()).toBeUndefined();
    ada.now = new Date('2126-12-02T00:00:00Z');
    expect(await ended()).toBe('Expired');
  });
});
