import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { InvalidAdapterError } from '../formats/peft';
import { OtherWeightsError } from '../datanets/verify/adapter-named';
import { ZipArchiveError } from '../datanets/verify/zip';
import { readAdapterFiles, zipAdapter } from './adapter-files';
import { smallAdapter } from './claims/testing-claims';

const file = (name: string, bytes: BlobPart) => new File([bytes], name);
const bytesOf = async (zip: Blob) => new Uint8Array(await zip.arrayBuffer());
const whole = { run: { seed: 7 }, card: '# Card\n', claims: { manifest: '{"a":1}', receipt: '{"b":2}' } };

describe('adapters on a disk', () => {
  it('leave as PEFT files with all that goes with them, and come back from the zip and from the files', async () => {
    const bytes = await bytesOf(zipAdapter(smallAdapter(), whole));
    const entries = unzipSync(bytes);
    expect(Object.keys(entries)).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'run.json',
      'README.md',
      'claims/run-manifest.json',
      'claims/attribution-receipt.json'
    ]);
    expect(JSON.parse(strFromU8(entries['run.json']))).toEqual({ seed: 7 });
    expect(JSON.parse(strFromU8(entries['adapter_config.json']))).toMatchObject({ peft_type: 'LORA', r: 2 });
    const back = { adapter: smallAdapter(), card: whole.card, claims: whole.claims };
    expect(await readAdapterFiles([file('adapter.zip', bytes)])).toEqual(back);
    const files = Object.entries(entries).map(([name, content]) =>
      file(name, content as Uint8Array<ArrayBuffer>)
    );
    expect(await readAdapterFiles(files)).toEqual(back);
  });

  it('need nothing besides the two files, also in a folder of the zip', async () => {
    const bytes = await bytesOf(zipAdapter(smallAdapter(), { claims: {} }));
    const entries = unzipSync(bytes);
    expect(Object.keys(entries)).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    expect(await readAdapterFiles([file('a.zip', bytes)])).toEqual({ adapter: smallAdapter(), claims: {} });
    const inFolder = Object.fromEntries(
      Object.entries(entries).map(([name, data]) => [`mine/${name}`, data])
    );
    const packed = zipSync(inFolder) as Uint8Array<ArrayBuffer>;
    expect(await readAdapterFiles([file('a.zip', packed)])).toEqual({ adapter: smallAdapter(), claims: {} });
  });

  it('are read whatever lies where claims and card should be', async () => {
    const entries = unzipSync(await bytesOf(zipAdapter(smallAdapter(), { claims: {} })));
    const huge = new Uint8Array(9 * 2 ** 20).fill(0x61);
    const bytes = zipSync({
      ...entries,
      'README.md': new Uint8Array([0xff, 0xfe, 0x00]),
      'claims/run-manifest.json': huge,
      'claims/attribution-receipt.json': strToU8('{')
    }) as Uint8Array<ArrayBuffer>;
    const { adapter, card, claims } = await readAdapterFiles([file('a.zip', bytes)]);
    expect(adapter).toEqual(smallAdapter());
    expect(card).toContain('\ufffd');
    expect(claims.manifest).toHaveLength(2 ** 23);
    expect(claims.receipt).toBe('{');
  });

  it('say what is wrong with files that are none', async () => {
    const none = readAdapterFiles([file('a.zip', 'no zip, whatever it is called')]);
    await expect(none).rejects.toThrow(ZipArchiveError);
    await expect(none).rejects.toThrow(/a\.zip is not looked into: its end is missing/);
    const empty = zipSync({ 'notes.txt': strToU8('x') }) as Uint8Array<ArrayBuffer>;
    await expect(readAdapterFiles([file('a.zip', empty)])).rejects.toThrow(/There is no adapter in a\.zip/);
    await expect(readAdapterFiles([file('a.zip', empty), file('b.json', '{}')])).rejects.toThrow(
      /a\.zip was chosen together with other files/
    );
    await expect(readAdapterFiles([file('adapter_config.json', '{}')])).rejects.toThrow(InvalidAdapterError);
    await expect(readAdapterFiles([])).rejects.toThrow(/adapter_config\.json and adapter_model/);
  });

  it('are refused where record or claim beside the weights name others, from a zip and from files', async () => {
    const entries = unzipSync(await bytesOf(zipAdapter(smallAdapter(), { claims: {} })));
    const other = 'f'.repeat(64);
    const claims = {
      'run.json': { sha256: { adapter: other } },
      'claims/run-manifest.json': { statement: { kind: 'run-manifest', adapter: { sha256: other } } },
      'claims/attribution-receipt.json': { statement: { kind: 'attribution-receipt', adapter: other } }
    };
    for (const [name, said] of Object.entries(claims)) {
      const all = { ...entries, [name]: strToU8(JSON.stringify(said)) };
      const zip = zipSync(all) as Uint8Array<ArrayBuffer>;
      const files = Object.entries(all).map(([each, bytes]) => file(each, bytes as Uint8Array<ArrayBuffer>));
      for (const chosen of [[file('a.zip', zip)], files]) {
        const taken = readAdapterFiles(chosen);
        await expect(taken).rejects.toThrow(OtherWeightsError);
        await expect(taken).rejects.toThrow(`that ${name} beside them is about`);
      }
    }
  });

  it('are refused where two files of one name are chosen, as nobody says which is meant', async () => {
    const entries = unzipSync(await bytesOf(zipAdapter(smallAdapter(), { claims: {} })));
    const files = Object.entries(entries).map(([name, bytes]) =>
      file(name, bytes as Uint8Array<ArrayBuffer>)
    );
    const twice = readAdapterFiles([...files, file('checkpoint-1/adapter_model.safetensors', 'x')]);
    await expect(twice).rejects.toThrow(/2 of these files are called adapter_model\.safetensors/);
  });
});
