import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { expectLinear } from '../../../tests/support/cost';
import { TabtuneError } from '../errors';
import { twinWide } from './testing';
import {
  InvalidSafetensorsError,
  openSafetensors,
  streamF32,
  UnsupportedDtypeError,
  writeSafetensors,
  type NamedTensor
} from './safetensors';
import { fromBytes } from './source';
import { CHUNK_VALUES } from './weights';

/** A file of a header given as text and so many zero bytes. */
function fileOf(header: string, dataBytes: number, claimed?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const open = (bytes: Uint8Array) => openSafetensors(fromBytes('model.safetensors', bytes));
const failure = (header: string, dataBytes: number, claimed?: bigint) =>
  open(fileOf(header, dataBytes, claimed)).then(
    () => expect.fail('the file was accepted'),
    (error: unknown) => error as TabtuneError
  );

async function values(bytes: Uint8Array, name: string): Promise<number[]> {
  const { source, tensors } = await open(bytes);
  const all: number[] = [];
  for await (const chunk of streamF32(source, tensors.get(name)!)) all.push(...chunk);
  return all;
}

const tensorArbitrary: fc.Arbitrary<NamedTensor> = fc
  .record({ name: fc.string({ unit: 'grapheme' }), shape: fc.array(fc.nat(5), { maxLength: 3 }) })
  .chain(({ name, shape }) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const data = fc.float32Array({ minLength: count, maxLength: count });
    return data.map((array) => ({ name, shape, data: array }));
  });
const tensorsArbitrary = fc
  .uniqueArray(tensorArbitrary, { selector: ({ name }) => name, maxLength: 5 })
  .filter((tensors) => tensors.every(({ name }) => name !== '__metadata__'));

describe('writeSafetensors and openSafetensors', () => {
  it('round-trip any tensors in F32, bit for bit, and in F16, to the nearest', async () => {
    await fc.assert(
      fc.asyncProperty(
        tensorsArbitrary,
        fc.constantFrom('F32' as const, 'F16' as const),
        async (tensors, dtype) => {
          const bytes = writeSafetensors(tensors, { dtype, metadata: { format: 'pt' } });
          const file = await open(bytes);
          expect(file.metadata).toEqual({ format: 'pt' });
          expect([...file.tensors.keys()].sort()).toEqual(tensors.map(({ name }) => name).sort());
          for (const { name, shape, data } of tensors) {
            expect(file.tensors.get(name)!.shape).toEqual(shape);
            const expected = dtype === 'F32' ? data : twinWide(data);
            expect(await values(bytes, name)).toEqual([...expected]);
          }
        }
      ),
      fuzz(100)
    );
  });

  it('keep a tensor of the name __proto__', async () => {
    const bytes = writeSafetensors([{ name: '__proto__', shape: [1], data: new Float32Array([4]) }]);
    expect(await values(bytes, '__proto__')).toEqual([4]);
  });

  it('refuse to write what could not be read', () => {
    const tensor = { name: 'a', shape: [2], data: new Float32Array(2) };
    expect(() => writeSafetensors([tensor, tensor])).toThrow('Tensor name a cannot be written twice.');
    expect(() => writeSafetensors([{ ...tensor, shape: [3] }])).toThrow(
      'Tensor a of shape [3] has 2 values.'
    );
  });
});

describe('a header of absurd numbers', () => {
  it('is refused in a message that can be read, and in a time that its length says', async () => {
    const header = (count: number) =>
      `{"w":{"dtype":"U8","shape":[${'1e300,'.repeat(count)}1],"data_offsets":[0,0]}}`;
    const error = await open(fileOf(header(5000), 0)).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(InvalidSafetensorsError);
    expect((error as Error).message.length).toBeLessThan(600);
    const empty = (i: number) => `"t${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`;
    await expectLinear('tensors', 20_000, (count) =>
      open(fileOf(`{${Array.from({ length: count }, (_, i) => empty(i)).join()}}`, 0))
    );
  });

  it('nested without end is refused by its file', async () => {
    const deep = `{"__metadata__":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    await expect(open(fileOf(deep, 0))).rejects.toThrow('nests lists and objects more than 64 deep');
  });
});

describe('streamF32', () => {
  it('gives chunks of the stated length, from BF16 and at an odd offset', async () => {
    const count = CHUNK_VALUES + 3;
    const header = `{"pad":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"BF16","shape":[${count}],"data_offsets":[1,${1 + 2 * count}]}}`;
    const file = fileOf(header, 1 + 2 * count);
    // 1.0 is 0x3f80; the last value only, to see that the tail is there.
    file.set([0x80, 0x3f], file.length - 2);
    const { source, tensors } = await open(file);
    const lengths: number[] = [];
    let last = 0;
    for await (const chunk of streamF32(source, tensors.get('w')!)) {
      lengths.push(chunk.length);
      last = chunk[chunk.length - 1];
    }
    expect(lengths).toEqual([CHUNK_VALUES, 3]);
    expect(last).toBe(1);
  });

  it('refuses integers, naming file, tensor and type', async () => {
    const { source, tensors } = await open(
      fileOf('{"w":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}', 8)
    );
    const read = async () => {
      for await (const _ of streamF32(source, tensors.get('w')!));
    };
    await expect(read()).rejects.toThrow(UnsupportedDtypeError);
    await expect(read()).rejects.toThrow('Tensor w of model.safetensors is stored as I64');
  });
});

describe('a lying header', () => {
  const w = (shape: string, offsets: string, dtype = 'F32') =>
    `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
  it.each([
    ['a length past the end', '{}', 0, 1000n, 'its header claims 1000 bytes, but the file has only 10'],
    ['a length past 2^53', '{}', 0, 2n ** 64n - 1n, 'its header claims 18446744073709551615 bytes'],
    ['no JSON', '{"w":', 0, undefined, 'its header is not JSON'],
    ['no object', '[1]', 0, undefined, 'its header is not a JSON object'],
    ['a malformed entry', '{"w":{"dtype":"F32"}}', 0, undefined, 'the entry of tensor w is malformed'],
    ['a negative size', `{"w":${w('[-1]', '[0,4]')}}`, 4, undefined, 'the entry of tensor w is malformed'],
    ['data past the end', `{"w":${w('[2]', '[0,8]')}}`, 4, undefined, 'tensor w claims bytes 0 to 8 of 4'],
    ['a reversed range', `{"w":${w('[0]', '[4,0]')}}`, 4, undefined, 'tensor w claims bytes 4 to 0 of 4'],
    [
      'a shape of another size',
      `{"w":${w('[3]', '[0,4]')}}`,
      4,
      undefined,
      'tensor w of shape [3] and type F32 does not fill its 4 bytes'
    ],
    [
      'a shape that overflows',
      `{"w":${w('[4294967296,4294967296,4294967296]', '[0,0]')}}`,
      0,
      undefined,
      'does not fill its 0 bytes'
    ],
    [
      'an overlap',
      `{"a":${w('[2]', '[0,8]')},"b":${w('[2]', '[4,12]')}}`,
      12,
      undefined,
      'tensors a and b overlap'
    ],
    [
      'a gap',
      `{"a":${w('[1]', '[0,4]')},"b":${w('[1]', '[8,12]')}}`,
      12,
      undefined,
      '4 bytes before tensor b belong to none'
    ],
    ['bytes after the last tensor', `{"a":${w('[1]', '[0,4]')}}`, 6, undefined, 'its tensors end at byte'],
    [
      'a name twice',
      `{"a":${w('[1]', '[0,4]')},"\\u0061":${w('[1]', '[0,4]')}}`,
      4,
      undefined,
      'it names tensor a twice'
    ],
    [
      'metadata that are no strings',
      '{"__metadata__":{"a":1}}',
      0,
      undefined,
      'its __metadata__ is not a map of strings'
    ]
  ] as const)('with %s is refused', async (_, header, dataBytes, claimed, message) => {
    const error = await failure(header, dataBytes, claimed);
    expect(error).toBeInstanceOf(InvalidSafetensorsError);
    expect(error.message).toContain(message);
    expect(error.message).toMatch(
      /^model\.safetensors is not a valid safetensors file: .* It is damaged or cut short; copy or download it again\.$/s
    );
  });

  it('with an unknown dtype is refused by another name', async () => {
    const error = await failure(`{"w":${w('[1]', '[0,4]', 'Q4')}}`, 4);
    expect(error).toBeInstanceOf(UnsupportedDtypeError);
    expect(error.message).toContain('Tensor w of model.safetensors has the unknown dtype Q4.');
    // A name that every object inherits is no dtype.
    expect(await failure(`{"w":${w('[1]', '[0,4]', 'constructor')}}`, 4)).toBeInstanceOf(
      UnsupportedDtypeError
    );
  });

  it('never ends in anything but a TabtuneError', async () => {
    const valid = writeSafetensors([
      { name: 'a', shape: [2, 3], data: new Float32Array(6) },
      { name: 'b', shape: [4], data: new Float32Array(4) }
    ]);
    const edit = fc.tuple(fc.nat(valid.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.nat(valid.length), fc.array(edit, { maxLength: 4 }), async (length, edits) => {
        const bytes = valid.slice();
        for (const [at, byte] of edits) bytes[at] = byte;
        const error = await open(bytes.subarray(0, length)).then(
          () => undefined,
          (reason: unknown) => reason
        );
        if (error !== undefined) expect(error).toBeInstanceOf(TabtuneError);
        else expect(length).toBe(valid.length);
      }),
      fuzz(1000)
    );
  });
});
