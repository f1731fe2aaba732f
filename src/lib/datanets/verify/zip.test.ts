/** Archives from anybody: read as other programs write them, and refused before they can do harm. */
import { zipSync } from 'fflate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { packZip } from './testing-zip';
import { openZip, unpack, unpackText, ZipArchiveError } from './zip';
import { verifyFile } from './verify';

const text = (words: string) => new TextEncoder().encode(words);
const blobOf = (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>]);

async function contents(blob: Blob): Promise<Record<string, string>> {
  const entries = await openZip(blob);
  const all = entries.map(async (entry) => [entry.name, await unpackText(entry, 2 ** 20)] as const);
  return Object.fromEntries(await Promise.all(all));
}

/** Writes a number into the record of the list at the end, or into a file's head. */
function withField(zip: Uint8Array, signature: number, at: number, value: number, bytes: 2 | 4): Uint8Array {
  const changed = zip.slice();
  const view = new DataView(changed.buffer);
  for (let place = 0; place < changed.length - 4; place += 1) {
    if (view.getUint32(place, true) !== signature) continue;
    if (bytes === 2) view.setUint16(place + at, value, true);
    else view.setUint32(place + at, value, true);
    return changed;
  }
  throw new Error('There is no such record.');
}

const [END, CENTRAL, LOCAL] = [0x06054b50, 0x02014b50, 0x04034b50];

describe('an archive', { timeout: 30_000 }, () => {
  it('gives back what other programs packed, stored or deflated, with folders', async () => {
    const name = fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8})?$/);
    const files = fc.dictionary(name, fc.string({ unit: 'binary', maxLength: 500 }), {
      minKeys: 1,
      maxKeys: 5
    });
    await fc.assert(
      fc.asyncProperty(files, fc.constantFrom(0 as const, 9 as const), async (given, level) => {
        const packed = zipSync(
          Object.fromEntries(Object.entries(given).map(([key, words]) => [key, text(words)])),
          { level }
        );
        expect(await contents(blobOf(packed))).toEqual({ ...given });
      }),
      fuzz(25)
    );
    const plain = zipSync({ 'a/': new Uint8Array(), 'a/b': text('hello') });
    expect(await contents(blobOf(plain))).toEqual({ 'a/b': 'hello' });
  });

  it.each<[string, RegExp, () => Uint8Array]>([
    ['is empty', /too short/, () => new Uint8Array()],
    ['is no archive', /end is missing/, () => new Uint8Array(100)],
    ['was cut short', /end is missing/, () => zipSync({ a: text('hello') }).slice(0, -1)],
    ['has no files', /claims to have 0 files/, () => zipSync({})],
    [
      'claims many files',
      /claims to have 60000 files/,
      () => withField(withField(zipSync({ a: text('b') }), END, 8, 60000, 2), END, 10, 60000, 2)
    ],
    [
      'claims a list elsewhere',
      /list of files is not where/,
      () => withField(zipSync({ a: text('b') }), END, 16, 9999, 4)
    ],
    ['is encrypted', /encrypted/, () => withField(zipSync({ a: text('b') }), CENTRAL, 8, 1, 2)],
    [
      'is packed in a rare way',
      /packed in a way \(12\)/,
      () => withField(zipSync({ a: text('b') }), CENTRAL, 10, 12, 2)
    ],
    [
      'claims to unpack to more than DEFLATE can',
      /which cannot be/,
      () => withField(zipSync({ a: text('b'.repeat(5000)) }, { level: 9 }), CENTRAL, 24, 0xfffffff0, 4)
    ],
    [
      'would unpack to many gigabytes',
      /more than 4 GiB/,
      () => {
        // Each says that its 4.5 MB of packed bytes make nearly 4 GiB, which they just could.
        const large = { data: new Uint8Array(4_500_000), both: { method: 8, size: 0xf0000000 } };
        return packZip({ files: ['a', 'b'].map((name) => ({ name, ...large })) });
      }
    ],
    [
      'has files that overlap',
      /overlaps another/,
      () => packZip({ files: [{ name: 'a' }, { name: 'b', central: { offset: 10 } }] })
    ],
    ['names a file twice', /twice/, () => packZip({ files: [{ name: 'a' }, { name: 'a' }] })],
    [
      'calls a file by two names',
      /something else in place/,
      () => {
        const zip = zipSync({ abc: text('b') });
        zip[30] ^= 1;
        return zip;
      }
    ],
    [
      'has a file outside of it',
      /before its first file \(5000 bytes\)/,
      () => withField(zipSync({ a: text('b') }), CENTRAL, 42, 5000, 4)
    ],
    ['has no head before a file', /lies outside/, () => withField(zipSync({ a: text('b') }), LOCAL, 0, 0, 4)]
  ])('that %s is refused, with the reason', async (_, reason, make) => {
    const opened = openZip(blobOf(make()));
    await expect(opened).rejects.toThrow(ZipArchiveError);
    await expect(opened).rejects.toThrow(reason);
  });

  it('whose file makes more than it says is stopped there', async () => {
    const data = new Uint8Array(8 * 2 ** 20);
    const bomb = packZip({ files: [{ name: 'a', data, deflate: true, both: { size: 1000 } }] });
    const [entry] = await openZip(blobOf(bomb));
    let given = 0;
    const all = async () => {
      for await (const piece of unpack(entry)) given += piece.length;
    };
    await expect(all()).rejects.toThrow(/unpacks to more than it says/);
    expect(given).toBeLessThan(2 ** 20);
  });

  it('whose file is damaged, too long or no text is refused', async () => {
    const stored = zipSync({ a: text('hello') }, { level: 0 });
    stored[31] ^= 1;
    const [damaged] = await openZip(blobOf(stored));
    await expect(unpackText(damaged, 10)).rejects.toThrow(/checksum does not fit/);
    const deflated = zipSync({ a: text('hello hello hello') }, { level: 9 });
    deflated[31] ^= 0xff;
    const [broken] = await openZip(blobOf(deflated));
    await expect(unpackText(broken, 100)).rejects.toThrow(ZipArchiveError);
    const [long] = await openZip(blobOf(zipSync({ a: text('hello') })));
    await expect(unpackText(long, 4)).rejects.toThrow(/at most 4 are read/);
    const [binary] = await openZip(blobOf(zipSync({ a: new Uint8Array([0xff, 0xfe]) })));
    await expect(unpackText(binary, 4)).rejects.toThrow(/no text/);
  });

  it('gives entries or a refusal, whatever bytes it is made of', async () => {
    const zip = zipSync({ 'adapter_config.json': text('{}'), b: text('hello'.repeat(50)) }, { level: 9 });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(zip.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        async (at, put) => {
          const changed = zip.slice();
          changed.set(put.slice(0, zip.length - at), at);
          try {
            for (const entry of await openZip(blobOf(changed))) for await (const _ of unpack(entry));
          } catch (error) {
            expect(error).toBeInstanceOf(ZipArchiveError);
          }
        }
      ),
      fuzz(150)
    );
  });

  it('of an adapter that is made to harm is refused fast, with the reason', async () => {
    const begun = performance.now();
    const zeros = new Uint8Array(8 * 2 ** 20);
    const bomb = zipSync(
      { 'adapter_config.json': text('{}'), 'adapter_model.safetensors': zeros },
      { level: 9 }
    );
    const lying = withField(bomb, CENTRAL, 24, 0xfffffff0, 4);
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`claims/${i}.json`, text('{}')]));
    const files = { 'adapter_config.json': text('{}'), 'adapter_model.safetensors': text('{}') };
    for (const [zip, reason] of [
      [lying, /which cannot be/],
      [zipSync({ ...files, ...many }), /brings 40 claims/],
      [zipSync(files).slice(0, 90), /end is missing/]
    ] as const) {
      const { checks, kind } = await verifyFile(blobOf(zip), 'adapter.zip', { now: new Date() });
      expect(kind).toBe('unreadable');
      expect(checks).toMatchObject([
        { name: 'archive', state: 'fails', reason: expect.stringMatching(reason) as string }
      ]);
    }
    expect(performance.now() - begun).toBeLessThan(20_000);
  });
});
