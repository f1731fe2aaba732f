import { unzipSync, zipSync } from 'fflate';
import fc from 'fast-check';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { UnreadableFileError } from './blob';
import {
  BrokenContainerError,
  ContainerTooLargeError,
  digestEntry,
  looksLikeContainer,
  openContainer,
  writeContainer,
  type ContainerPart
} from './container';
import { Crc32 } from './digest';

const text = (value: string) => new Blob([value]);
const PARTS: ContainerPart[] = [
  { name: 'statement.json', data: text('{"kind":"version"}') },
  { name: 'rows.jsonl', data: text('{"text":"Ebbe"}\n{"text":"Flut 🌊"}\n') },
  { name: 'empty', data: text('') }
];
const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());

/** Opens it and reads all of it. */
async function readAll(blob: Blob): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for (const entry of await openContainer(blob)) {
    await digestEntry(entry);
    contents[entry.name] = await entry.data.text();
  }
  return contents;
}

async function refusal(bytes: BlobPart): Promise<unknown> {
  return readAll(new Blob([bytes])).then(
    () => undefined,
    (error: unknown) => error
  );
}

describe('a container', () => {
  it('gives back its parts, in their order', async () => {
    const blob = await writeContainer(PARTS);
    expect(Object.entries(await readAll(blob))).toEqual(
      await Promise.all(PARTS.map(async ({ name, data }) => [name, await data.text()]))
    );
    expect(await looksLikeContainer(blob)).toBe(true);
    for (const other of ['', 'PK', '{"kind":']) expect(await looksLikeContainer(text(other))).toBe(false);
  });

  it('is the same bytes each time', async () => {
    expect(await bytesOf(await writeContainer(PARTS))).toEqual(await bytesOf(await writeContainer(PARTS)));
  });

  it('is a ZIP archive that others can open', async () => {
    const files = unzipSync(await bytesOf(await writeContainer(PARTS)));
    expect(Object.keys(files)).toEqual(PARTS.map(({ name }) => name));
    expect(new TextDecoder().decode(files['rows.jsonl'])).toBe(await PARTS[1].data.text());
  });

  it('is refused when any byte of it is another', async () => {
    const good = await bytesOf(await writeContainer(PARTS));
    for (let at = 0; at < good.length; at += 1) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const bad = good.slice();
        bad[at] ^= flip;
        expect(await refusal(bad), `byte ${at}`).toBeInstanceOf(BrokenContainerError);
      }
    }
  });

  it('is refused when it is cut or something is added, anywhere', async () => {
    const good = await bytesOf(await writeContainer(PARTS));
    for (let at = 0; at < good.length; at += 1) {
      expect(await refusal(good.slice(0, at)), `cut to ${at}`).toBeInstanceOf(BrokenContainerError);
      expect(await refusal(good.slice(at + 1)), `without ${at + 1}`).toBeInstanceOf(BrokenContainerError);
      const added = new Uint8Array([...good.slice(0, at), 0, ...good.slice(at)]);
      expect(await refusal(added), `a byte more at ${at}`).toBeInstanceOf(BrokenContainerError);
    }
    expect(await refusal(new Uint8Array([...good, 0]))).toBeInstanceOf(BrokenContainerError);
    expect(await refusal(new Uint8Array([...good, ...good]))).toBeInstanceOf(BrokenContainerError);
  });

  it('is no archive that somebody else wrote', async () => {
    const theirs = { 'statement.json': new TextEncoder().encode('{}') };
    for (const level of [0, 6] as const) {
      expect(await refusal(zipSync(theirs, { level }) as Uint8Array<ArrayBuffer>)).toBeInstanceOf(
        BrokenContainerError
      );
    }
  });

  it('believes no length that it claims', async () => {
    const good = await bytesOf(await writeContainer(PARTS));
    const view = (bytes: Uint8Array) => new DataView(bytes.buffer);
    const list = view(good).getUint32(good.length - 6, true);
    const claims: [string, (v: DataView, size: number) => void][] = [
      [
        'many entries',
        (v, size) => (v.setUint16(size - 14, 65535, true), v.setUint16(size - 12, 65535, true))
      ],
      ['a list of 4 GiB', (v, size) => v.setUint32(size - 10, 0xffffffff, true)],
      ['a list outside of the file', (v, size) => v.setUint32(size - 6, 0xffffff00, true)],
      [
        'an entry of 4 GiB',
        (v) => (v.setUint32(list + 20, 0xffffffff, true), v.setUint32(list + 24, 0xffffffff, true))
      ],
      ['an entry over another', (v) => v.setUint32(list + 42, 10, true)],
      ['a name of 64 KiB', (v) => v.setUint16(list + 28, 0xffff, true)]
    ];
    for (const [claim, change] of claims) {
      const bad = good.slice();
      change(view(bad), bad.length);
      expect(await refusal(bad), claim).toBeInstanceOf(BrokenContainerError);
    }
  });

  it('has no part twice, and none whose name could mean a folder', async () => {
    const twice = await writeContainer([PARTS[0], PARTS[0]]);
    await expect(readAll(twice)).rejects.toThrow('"statement.json" twice');
    for (const name of ['../a', 'a/b', '', 'A', '.a', 'a'.repeat(65), 'ä']) {
      await expect(writeContainer([{ name, data: text('') }])).rejects.toThrow('cannot name a part');
    }
  });

  it('whatever the bytes, says why it is none', async () => {
    const good = await bytesOf(await writeContainer(PARTS));
    const bent = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const bad = good.slice();
        for (const [at, byte] of changes) bad[at] = byte;
        return bad;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), bent), async (bytes) => {
        if (Buffer.compare(bytes, good) === 0) return;
        const error = (await refusal(bytes as Uint8Array<ArrayBuffer>)) as BrokenContainerError;
        expect(error).toBeInstanceOf(BrokenContainerError);
        expect(error.message.length).toBeGreaterThan(40);
      }),
      fuzz(300)
    );
  });

  it('does not grow beyond what ZIP can say', async () => {
    const large = { size: 2 ** 32 - 200, slice: () => text('') } as unknown as Blob;
    await expect(writeContainer([{ name: 'a', data: large, crc32: 0 }, ...PARTS])).rejects.toThrow(
      ContainerTooLargeError
    );
    await expect(openContainer({ size: 2 ** 32 } as Blob)).rejects.toThrow('larger than 4 GiB');
  });

  it('says when the file went away under it', async () => {
    const gone = {
      size: 1000,
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error('NotReadableError')) })
    } as unknown as Blob;
    await expect(openContainer(gone)).rejects.toThrow(UnreadableFileError);
  });
});

it('the CRC-32 is the one of zlib, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (pieces) => {
      const crc = new Crc32();
      for (const piece of pieces) crc.update(piece);
      expect(crc.value).toBe(zlibCrc32(Buffer.concat(pieces)));
    }),
    fuzz(100)
  );
});
