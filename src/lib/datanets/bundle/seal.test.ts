import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { CannotUnsealError, SEGMENT_BYTES, Unsealed, seal } from './seal';

const ROOT = `0x${'1'.repeat(64)}`;
const OTHER_ROOT = `0x${'2'.repeat(64)}`;
const SEALED_SEGMENT = SEGMENT_BYTES + 16;
const HEADER = 15;

const newKey = () =>
  crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
const plainOf = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff);

let key: CryptoKey;
beforeAll(async () => {
  key = await newKey();
});

async function open(sealed: BlobPart, withKey = key, root = ROOT): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of (await Unsealed.open(new Blob([sealed]), withKey, root)).bytes()) parts.push(part);
  return bytesOf(new Blob(parts));
}

describe('sealed rows', () => {
  it.each([0, 1, 100, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES])(
    'of %i bytes come back',
    async (size) => {
      const plain = plainOf(size);
      const sealed = await seal(new Blob([plain]), key, ROOT);
      const unsealed = await Unsealed.open(sealed, key, ROOT);
      expect(unsealed.size).toBe(size);
      expect(unsealed.segments).toBe(Math.max(1, Math.ceil(size / SEGMENT_BYTES)));
      expect(Buffer.compare(await open(await bytesOf(sealed)), plain)).toBe(0);
    }
  );

  it('are read from any segment', async () => {
    const plain = plainOf(2 * SEGMENT_BYTES + 5);
    const unsealed = await Unsealed.open(await seal(new Blob([plain]), key, ROOT), key, ROOT);
    expect(await unsealed.segment(2)).toEqual(plain.slice(2 * SEGMENT_BYTES));
    expect(Buffer.compare(await unsealed.segment(1), plain.slice(SEGMENT_BYTES, 2 * SEGMENT_BYTES))).toBe(0);
  });

  it('show nothing of what they hold, and not the same bytes twice', async () => {
    const plain = new TextEncoder().encode('Ebbe und Flut '.repeat(50));
    const [a, b] = [await seal(new Blob([plain]), key, ROOT), await seal(new Blob([plain]), key, ROOT)];
    expect(Buffer.from(await bytesOf(a)).includes('Ebbe')).toBe(false);
    expect(Buffer.compare(await bytesOf(a), await bytesOf(b))).not.toBe(0);
  });

  it('are refused when any byte of them is another', async () => {
    const good = await bytesOf(await seal(new Blob(['a few words']), key, ROOT));
    for (let at = 0; at < good.length; at += 1) {
      const bad = good.slice();
      bad[at] ^= 0x40;
      await expect(open(bad), `byte ${at}`).rejects.toThrow(CannotUnsealError);
    }
  });

  it('are refused when they are cut or longer', async () => {
    const good = await bytesOf(await seal(new Blob(['a few words']), key, ROOT));
    for (let at = 0; at < good.length; at += 1) {
      await expect(open(good.slice(0, at)), `cut to ${at}`).rejects.toThrow(CannotUnsealError);
    }
    await expect(open(new Uint8Array([...good, 0]))).rejects.toThrow(CannotUnsealError);
  });

  it('are refused with segments left out, moved or repeated', async () => {
    const good = await bytesOf(await seal(new Blob([plainOf(2 * SEGMENT_BYTES + 9)]), key, ROOT));
    const head = good.slice(0, HEADER);
    const [first, second, last] = [0, 1, 2].map((i) =>
      good.slice(HEADER + i * SEALED_SEGMENT, HEADER + (i + 1) * SEALED_SEGMENT)
    );
    const join = (...parts: Uint8Array<ArrayBuffer>[]) => bytesOf(new Blob([head, ...parts]));
    expect(await open(await join(first, second, last))).toHaveLength(2 * SEGMENT_BYTES + 9);
    for (const parts of [
      [first, second],
      [first],
      [first, last],
      [second, first, last],
      [second, last],
      [first, first, last],
      [first, second, last.slice(0, 0)],
      []
    ]) {
      await expect(join(...parts).then((bytes) => open(bytes))).rejects.toThrow(CannotUnsealError);
    }
  });

  it('open with their own key and root alone', async () => {
    const good = await bytesOf(await seal(new Blob(['a few words']), key, ROOT));
    await expect(open(good, await newKey())).rejects.toThrow(/another version/);
    await expect(open(good, key, OTHER_ROOT)).rejects.toThrow(CannotUnsealError);
  });

  it('are no bytes at random', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        await expect(open(bytes as Uint8Array<ArrayBuffer>)).rejects.toThrow(CannotUnsealError);
      }),
      fuzz(100)
    );
  });

  it('are not made once nobody wants them', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(seal(new Blob(['a']), key, ROOT, { signal })).rejects.toThrow('enough');
  });
});
