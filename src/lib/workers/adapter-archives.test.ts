/** One archive, one adapter: Verify, the import and a second reader see the same weights in it, or all refuse it. */
import fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { readStrictly } from '../datanets/verify/testing-strict-zip';
import {
  extraField,
  joined,
  packZip,
  u32,
  type Archive,
  type PackedFile
} from '../datanets/verify/testing-zip';
import { verifyFile, type VerifyReport } from '../datanets/verify/verify';
import { ZipArchiveError } from '../datanets/verify/zip';
import { writeAdapter } from '../formats/peft';
import { readAdapterFiles, zipAdapter } from './adapter-files';
import { smallAdapter } from './claims/testing-claims';

const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';

const text = (words: string) => new TextEncoder().encode(words);
const fileOf = (bytes: Uint8Array) => new File([bytes as Uint8Array<ArrayBuffer>], 'adapter.zip');
const weightsOf = (value?: number) =>
  writeAdapter(smallAdapter(value)).find(({ name }) => name === WEIGHTS)!.bytes;
const configOf = () => writeAdapter(smallAdapter()).find(({ name }) => name === CONFIG)!.bytes;

const good = weightsOf();
const evil = weightsOf(0.9);
const config: PackedFile = { name: CONFIG, data: configOf() };
const weights: PackedFile = { name: WEIGHTS, data: good };
const inFolder = (folder: string, files = [config, weights]) =>
  files.map((file) => ({ ...file, name: folder + file.name }));
const pack = (archive: Partial<Archive> = {}) => packZip({ files: [config, weights], ...archive });
const withWeights = (changes: Partial<PackedFile>) => pack({ files: [config, { ...weights, ...changes }] });

/** An archive that comes after another one's files: its list counts from the beginning. */
const secondArchive = (at: number) => {
  const other = packZip({ files: [config, { ...weights, data: evil }] });
  const view = new DataView(other.buffer);
  for (let place = 0; place + 4 <= other.length; place += 1) {
    const signature = view.getUint32(place, true);
    if (signature === 0x02014b50) view.setUint32(place + 42, view.getUint32(place + 42, true) + at, true);
    if (signature === 0x06054b50) view.setUint32(place + 16, view.getUint32(place + 16, true) + at, true);
  }
  return other;
};

type Seen = { weights: Uint8Array } | { refused: unknown };

const attempt = async (see: () => Promise<Uint8Array> | Uint8Array): Promise<Seen> => {
  try {
    return { weights: await see() };
  } catch (refused) {
    return { refused };
  }
};
const imported = (bytes: Uint8Array) =>
  attempt(async () => {
    const { adapter } = await readAdapterFiles([fileOf(bytes)]);
    return writeAdapter(adapter).find(({ name }) => name === WEIGHTS)!.bytes;
  });
const strictly = (bytes: Uint8Array) =>
  attempt(() => {
    const files = [...readStrictly(bytes)].filter(([name]) => !name.startsWith('__MACOSX/'));
    const one = (base: string) => files.find(([name]) => name === base || name.endsWith(`/${base}`));
    if (!one(CONFIG)) throw new Error('There is no configuration.');
    return one(WEIGHTS)![1];
  });
const verified = (bytes: Uint8Array): Promise<VerifyReport> =>
  verifyFile(fileOf(bytes), 'adapter.zip', { now: new Date('2026-12-01T00:00:00Z') });
const stateOf = ({ checks }: VerifyReport, name: string) => checks.find((check) => check.name === name);

const time = (bytes: number) => extraField(0x5455, new Uint8Array(bytes).fill(1));
const unixFile = 0o100644 * 2 ** 16;
const unixFolder = 0o040755 * 2 ** 16 + 0x10;
const infoZip = (file: PackedFile): PackedFile => ({
  ...file,
  local: { extra: joined([time(9), extraField(0x7875, new Uint8Array(11))]) },
  central: {
    extra: joined([time(5), extraField(0x7875, new Uint8Array(11))]),
    attributes: file.name.endsWith('/') ? unixFolder : unixFile
  }
});

describe('an archive as people have it', () => {
  const deflated = [config, weights].map((file) => ({ ...file, deflate: true }));
  it.each<[string, () => Uint8Array | Promise<Uint8Array>]>([
    [
      'of this page',
      async () => new Uint8Array(await zipAdapter(smallAdapter(), { claims: {} }).arrayBuffer())
    ],
    ['of fflate, deflated', () => zipSync({ [CONFIG]: configOf(), [WEIGHTS]: good }, { level: 9 })],
    ['of Python’s zipfile', () => pack({ files: deflated })],
    [
      'of Info-ZIP, a folder with its times',
      () => pack({ files: [{ name: 'mine/' }, ...inFolder('mine/')].map(infoZip) })
    ],
    [
      'of Info-ZIP, written into a pipe',
      () =>
        pack({
          files: [
            infoZip({ name: 'mine/' }),
            ...inFolder('mine/', deflated).map((file) => ({
              ...infoZip(file),
              descriptor: 'signed' as const,
              // It knows the length, and not yet what it packs to.
              local: { ...infoZip(file).local, crc32: 0, packed: 0, size: file.data!.length }
            }))
          ]
        })
    ],
    ['streamed without packing', () => withWeights({ descriptor: 'signed' })],
    ['streamed, without a signature before the lengths', () => withWeights({ descriptor: 'plain' })],
    [
      'of the Finder of macOS',
      () =>
        pack({
          files: [
            { name: 'Küste/', central: { attributes: unixFolder } },
            ...inFolder('Küste/', deflated).flatMap((file) => [
              { ...file, descriptor: 'signed' as const },
              { ...file, name: `__MACOSX/${file.name.replace(/[^/]*$/, '._$&')}`, data: text('Mac OS X') }
            ]),
            { name: '__MACOSX/Küste/._.DS_Store', data: text('x') }
          ]
        })
    ],
    [
      'of GitHub, which names the commit',
      () =>
        pack({
          files: [
            { name: 'repo-main/' },
            { name: 'repo-main/src/a.py', data: text('1') },
            ...inFolder('repo-main/out/')
          ],
          comment: '0123456789abcdef'.repeat(3).slice(0, 40)
        })
    ],
    [
      'of the whole output of a trainer, with its tokenizer',
      () => pack({ files: [config, weights, { name: 'tokenizer.json', data: text('{}') }] })
    ]
  ])('%s is seen alike by all', async (what, make) => {
    const bytes = await make();
    const report = await verified(bytes);
    expect(report.kind).toBe('adapter');
    expect(report.checks.filter(({ state }) => state === 'fails')).toEqual([]);
    expect(stateOf(report, 'weights')?.state).toBe('holds');
    expect(await imported(bytes)).toEqual({ weights: good });
    expect(await strictly(bytes)).toEqual({ weights: Buffer.from(good) });
    const found = Object.entries(unzipSync(bytes)).find(
      ([name]) => name.endsWith(WEIGHTS) && !name.startsWith('__MACOSX')
    );
    expect(found?.[1]).toEqual(good);
    if (what.includes('macOS'))
      expect(stateOf(report, 'archive')?.reason).toContain('3 files that macOS added');
    if (what.includes('trainer')) {
      expect(stateOf(report, 'other files')).toMatchObject({
        ...{ state: 'unknown', reason: expect.stringContaining('“tokenizer.json”') as string }
      });
    }
  });

  it('of Windows, with backslashes between folders, or of bsdtar, which begins names with a dot, is read', async () => {
    // Readers of other systems take the backslash for a part of the name: they find the same files, in no folder.
    for (const bytes of [
      pack({ files: inFolder('mine\\') }),
      pack({ files: [{ name: './' }, ...inFolder('./')] })
    ]) {
      expect((await verified(bytes)).kind).toBe('adapter');
      expect(await imported(bytes)).toEqual({ weights: good });
    }
  });
});

describe('an archive with two contents', () => {
  const whole = pack();
  it.each<[string, RegExp, () => Uint8Array]>([
    ['a second archive in its comment', /no file/, () => pack({ comment: secondArchive(pack().length) })],
    [
      'a second archive in a comment that does not end with it',
      /behind its end \(1 byte\)/,
      () => pack({ comment: joined([secondArchive(pack().length), text(' ')]) })
    ],
    ['a comment of words', /comment at its end \(5 bytes\)/, () => pack({ comment: 'hello' })],
    [
      'a comment that is no commit',
      /comment at its end \(40 bytes\)/,
      () => pack({ comment: 'x'.repeat(40) })
    ],
    [
      'bytes in front of it',
      /before its first file, and was put there later \(7 bytes\)/,
      () => pack({ prepended: text('#!/bin/') })
    ],
    [
      'bytes in front of it, of which its list knows',
      /before its first file \(7 bytes\)/,
      () => pack({ files: [{ ...config, before: text('#!/bin/') }, weights] })
    ],
    [
      'a whole archive in front of it',
      /before its first file/,
      () => joined([pack({ files: [config, { ...weights, data: evil }] }), whole])
    ],
    ['a byte behind it', /behind its end \(1 byte\)/, () => pack({ behind: text('x') })],
    [
      'bytes between two files',
      /before "adapter_model.safetensors" \(3 bytes\)/,
      () => withWeights({ before: text('xyz') })
    ],
    [
      'a file that its list does not name',
      /before "adapter_model.safetensors" \(\d+ bytes\) belongs to no file/,
      () => {
        const hidden = packZip({ files: [{ ...weights, data: evil }] });
        return withWeights({ before: hidden.slice(0, 30 + WEIGHTS.length + evil.length) });
      }
    ],
    ['bytes before its list', /before its list \(4 bytes\)/, () => pack({ beforeList: text('abcd') })],
    ['bytes behind its list', /not where its end says/, () => pack({ beforeEnd: text('abcd') })],
    [
      'the end of a ZIP64 archive',
      /ZIP64/,
      () => pack({ beforeEnd: joined([u32(0x07064b50), new Uint8Array(16)]) })
    ],
    ['places that stand in ZIP64 records', /ZIP64/, () => pack({ end: { listAt: 0xffffffff } })],
    [
      'lengths that stand in ZIP64 fields',
      /ZIP64/,
      () =>
        withWeights({
          central: { packed: 0xffffffff, size: 0xffffffff, extra: extraField(1, new Uint8Array(16)) }
        })
    ],
    [
      'a ZIP64 field beside plain lengths',
      /ZIP64/,
      () => withWeights({ local: { extra: extraField(1, new Uint8Array(16)) } })
    ],
    [
      'another checksum in place',
      /another in place: its checksum/,
      () => withWeights({ local: { crc32: 1 } })
    ],
    ['another length in place', /another in place: its length/, () => withWeights({ local: { size: 8 } })],
    [
      'another packed length in place',
      /another in place: its packed length/,
      () => withWeights({ local: { packed: 8 } })
    ],
    [
      'another name in place',
      /something else in place/,
      () => withWeights({ local: { name: 'adapter_model.safetensorz' } })
    ],
    ['another method in place', /how it is packed/, () => withWeights({ local: { method: 8 } })],
    ['other flags in place', /how it is packed/, () => withWeights({ local: { flags: 8 } })],
    [
      'other lengths behind the content',
      /what is told behind/,
      () => withWeights({ descriptor: joined([u32(0x08074b50), u32(1), u32(good.length), u32(good.length)]) })
    ],
    [
      'no lengths behind the content, where it says so',
      /what is told behind/,
      () => withWeights({ both: { flags: 8 } })
    ],
    [
      'more than lengths behind the content',
      /what is told behind/,
      () => withWeights({ descriptor: new Uint8Array(24) })
    ],
    ['an encrypted file', /is encrypted/, () => withWeights({ both: { flags: 1 } })],
    [
      'a file encrypted as WinZip does',
      /is encrypted/,
      () => withWeights({ both: { extra: extraField(0x9901, new Uint8Array(7)) } })
    ],
    ['a name twice', /twice/, () => pack({ files: [config, weights, { ...weights, data: evil }] })],
    ...[
      'Adapter_Model.safetensors',
      './adapter_model.safetensors',
      'adapter_model.\u017fafetensors',
      'adapter_model.safetensors.',
      'adapter\uff3fmodel.safetensors'
    ].map((name): [string, RegExp, () => Uint8Array] => [
      `a name that folds into another: ${name}`,
      /which some readers take for one|twice/,
      () => pack({ files: [config, weights, { ...weights, name, data: evil }] })
    ]),
    [
      'a name that is another with backslashes',
      /twice/,
      () => pack({ files: [...inFolder('a/'), { ...weights, name: `a\\${WEIGHTS}`, data: evil }] })
    ],
    [
      'one that folds into the wanted one alone',
      /take for "adapter_model.safetensors"/,
      () => pack({ files: [config, { ...weights, name: 'ADAPTER_MODEL.safetensors' }] })
    ],
    [
      'other weights in a folder before',
      /2 files called "adapter_model.safetensors" \("evil\/adapter_model/,
      () => pack({ files: [{ ...weights, name: `evil/${WEIGHTS}`, data: evil }, ...inFolder('adapter/')] })
    ],
    [
      'other weights in a folder behind',
      /2 files called/,
      () =>
        pack({
          files: [
            ...inFolder('adapter/'),
            { ...weights, name: `adapter/checkpoint-1/${WEIGHTS}`, data: evil }
          ]
        })
    ],
    [
      'a configuration in another folder',
      /"b\/adapter_config.json" does not lie beside "a\/adapter_model/,
      () => pack({ files: [...inFolder('a/', [weights]), ...inFolder('b/', [config])] })
    ],
    [
      'two configurations',
      /2 files called "adapter_config.json"/,
      () => pack({ files: [config, weights, { ...config, name: `a/${CONFIG}` }] })
    ],
    [
      'two second names of one file',
      /two names/,
      () => {
        const path = extraField(0x7075, joined([new Uint8Array(5), text(`b/${WEIGHTS}`)]));
        return withWeights({ both: { extra: path } });
      }
    ],
    [
      'a name that leads out of its folder',
      /leads out of its folder/,
      () => pack({ files: [config, weights, { name: '../x', data: text('1') }] })
    ],
    [
      'a name that leads out with backslashes',
      /leads out of its folder/,
      () => pack({ files: [config, weights, { name: 'a\\..\\..\\x', data: text('1') }] })
    ],
    [
      'a name from the root',
      /begins at the root/,
      () => pack({ files: [config, weights, { name: '/etc/x', data: text('1') }] })
    ],
    [
      'a name from the root of a disk',
      /begins at the root/,
      () => pack({ files: [config, weights, { name: 'C:/x', data: text('1') }] })
    ],
    [
      'a name that ends early for some',
      /cannot be seen/,
      () => pack({ files: [config, weights, { name: 'a\0b', data: text('1') }] })
    ],
    ['a name with an empty folder', /nothing between two slashes/, () => pack({ files: inFolder('a//') })],
    ['a link', /a link or a device/, () => withWeights({ central: { attributes: 0o120777 * 2 ** 16 } })],
    [
      'a folder with content',
      /folder with content/,
      () => pack({ files: [config, weights, { name: 'a/', data: evil }] })
    ],
    ['a comment on a file', /has a comment/, () => withWeights({ central: { comment: 'PK' } })],
    ['a file of another disk', /another part/, () => withWeights({ central: { disk: 1 } })],
    ['several parts', /archive in several/, () => pack({ end: { disk: 1 } })],
    ['more in its list than it says', /more in it than it says/, () => pack({ end: { count: 1 } })],
    ['less in its list than it says', /list of files is damaged/, () => pack({ end: { count: 3 } })],
    [
      'extra fields that end elsewhere',
      /extra fields that are damaged/,
      () => withWeights({ both: { extra: Uint8Array.of(1, 0, 9, 9) } })
    ],
    ['a file that lies within another', /overlaps/, () => withWeights({ central: { offset: 10 } })],
    [
      'a file outside of it',
      /belongs to no file|outside/,
      () => withWeights({ central: { offset: 10_000 } })
    ],
    [
      'changed weights under the old checksum',
      /checksum does not fit/,
      () => withWeights({ data: evil, both: { crc32: new DataView(pack().buffer).getUint32(14, true) } })
    ],
    [
      'a damaged file that nothing is made of',
      /checksum does not fit/,
      () => pack({ files: [config, weights, { name: 'note', data: text('1'), both: { crc32: 5 } }] })
    ],
    [
      'bytes behind the end of packed content',
      /behind the end of "adapter_model/,
      () => withWeights({ deflate: true, padding: text('more') })
    ]
  ])('such as %s is refused by all, with the reason', async (_, reason, make) => {
    const bytes = make();
    const report = await verified(bytes);
    const failing = report.checks.filter(({ state }) => state === 'fails');
    expect(failing).toMatchObject([{ reason: expect.stringMatching(reason) as string }]);
    expect(['archive', 'weights']).toContain(failing[0].name);
    expect(report.kind).toBe('unreadable');
    const taken = await imported(bytes);
    expect(taken).toMatchObject({ refused: expect.any(ZipArchiveError) as unknown });
    expect(String((taken as { refused: Error }).refused)).toMatch(reason);
    expect(await strictly(bytes)).toHaveProperty('refused');
  });

  it('that begins as a file of a Datanet is neither one nor an adapter', async () => {
    const bytes = pack({ files: [{ name: 'statement.json', data: text('{}') }, config, weights] });
    expect(await verified(bytes)).toMatchObject({ kind: 'unreadable', checks: [{ state: 'fails' }] });
    expect(await imported(bytes)).toMatchObject({ refused: expect.any(ZipArchiveError) as unknown });
  });

  it('is what other readers fall for', () => {
    // Why one reader is not enough: an unzip program takes the weights of the archive in the comment.
    const bytes = pack({ comment: secondArchive(pack().length) });
    expect(unzipSync(bytes)[WEIGHTS]).toEqual(evil);
  });
});

it(
  'whatever byte of an adapter’s archive is another, one more or one less, is refused or changes nothing that is read',
  { timeout: 120_000 },
  async () => {
    const archives = [
      pack(),
      pack({
        files: [{ ...config, deflate: true, descriptor: 'signed' }, infoZip({ ...weights, deflate: true })]
      })
    ];
    const change = fc.record({
      of: fc.nat(archives.length - 1),
      how: fc.constantFrom('flip', 'insert', 'delete'),
      at: fc.nat(),
      by: fc.integer({ min: 1, max: 255 })
    });
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(change, async ({ of, how, at: place, by }) => {
        const whole = archives[of];
        const at = place % whole.length;
        const rest = whole.subarray(at + (how === 'insert' ? 0 : 1));
        const put = how === 'delete' ? [] : [how === 'flip' ? whole[at] ^ by : by];
        const bytes = joined([whole.subarray(0, at), Uint8Array.from(put), rest]);
        const taken = await imported(bytes);
        const report = await verified(bytes);
        if ('refused' in taken) {
          refused += 1;
          expect(taken.refused).toBeInstanceOf(ZipArchiveError);
          expect(report.checks.some(({ state }) => state === 'fails')).toBe(true);
        } else {
          expect(taken).toEqual({ weights: good });
          expect(stateOf(report, 'weights')?.state).toBe('holds');
        }
      }),
      fuzz(300)
    );
    expect(refused).toBeGreaterThan(0);
  }
);
