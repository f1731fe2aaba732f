import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../tests/support/fuzz';
import { TabtuneError } from '../errors';
import { openGguf, UnsupportedGgufError } from './gguf';
import { InvalidGgufError } from './gguf-reader';
import { fromBytes } from './source';
import { testGguf, type TestGguf, type TestTensor } from './testing-gguf';

const open = (bytes: Uint8Array) => openGguf(fromBytes('model.gguf', bytes));
const failure = (options: TestGguf) =>
  open(testGguf(options)).then(
    () => expect.fail('the file was accepted'),
    (error: unknown) => error as TabtuneError
  );
/** Eight f32 values in two rows. */
const tensor = (changes: Partial<TestTensor> = {}): TestTensor => ({
  name: 'w',
  dimensions: [4, 2],
  type: 0,
  offset: 0,
  ...changes
});

describe('openGguf', () => {
  it('reads metadata of every kind and the tensor table, in versions 2 and 3', async () => {
    for (const version of [2, 3]) {
      const file = await open(
        testGguf({
          version,
          metadata: [
            ['a.u32', { type: 'u32', value: 7 }],
            ['a.u64', { type: 'u64', value: 2n ** 63n }],
            ['a.f32', { type: 'f32', value: 0.5 }],
            ['a.bool', { type: 'bool', value: true }],
            ['a.text', { type: 'string', value: 'häuser' }],
            ['a.list', { type: 'array', of: 'string', values: ['x', ''] }],
            ['a.numbers', { type: 'array', of: 'u32', values: [1, 2, 3] }]
          ],
          tensors: [tensor(), tensor({ name: 'q', dimensions: [32], type: 8, offset: 32 })],
          dataBytes: 66
        })
      );
      expect(file.version).toBe(version);
      expect(Object.fromEntries(file.metadata)).toEqual({
        'a.u32': 7,
        'a.u64': 2n ** 63n,
        'a.f32': 0.5,
        'a.bool': true,
        'a.text': 'häuser',
        'a.list': ['x', ''],
        'a.numbers': [1, 2, 3]
      });
      const [w, q] = file.tensors.values();
      expect(w).toMatchObject({ name: 'w', shape: [2, 4], type: { name: 'F32' } });
      expect(q).toMatchObject({
        name: 'q',
        shape: [32],
        type: { name: 'Q8_0' },
        start: w.end,
        end: w.end + 34
      });
    }
  });

  it('reads a header longer than its first read', async () => {
    const tokens = Array.from({ length: 100_000 }, (_, i) => `token number ${i}`);
    const metadata: TestGguf['metadata'] = [['tokens', { type: 'array', of: 'string', values: tokens }]];
    const file = await open(testGguf({ metadata, tensors: [tensor()], dataBytes: 32 }));
    expect(file.metadata.get('tokens')).toEqual(tokens);
  });

  it('honours general.alignment', async () => {
    const metadata: TestGguf['metadata'] = [['general.alignment', { type: 'u32', value: 64 }]];
    const bytes = testGguf({ metadata, tensors: [tensor()], dataBytes: 96 });
    expect((await open(bytes)).tensors.get('w')!.start % 64).toBe(0);
  });
});

describe('a lying header', () => {
  const list = (length: bigint): TestGguf['metadata'] => [
    ['l', { type: 'array', of: 'u32', values: [], length }]
  ];
  it.each<[string, TestGguf, string]>([
    ['another magic', { magic: 'GGML' }, 'model.gguf does not begin with GGUF'],
    ['more tensors than bytes', { tensorCount: 2n ** 40n }, 'the number of tensors is 1099511627776'],
    [
      'a count past 2^53',
      { metadataCount: 2n ** 60n },
      'the number of metadata entries is 1152921504606846976'
    ],
    ['fewer tensors than promised', { tensorCount: 1n, dataBytes: 25 }, 'claims bytes'],
    [
      'an array longer than the file',
      { metadata: list(2n ** 32n) },
      'the length of metadata l is 4294967296'
    ],
    [
      'an array length past 2^53',
      { metadata: list(2n ** 64n - 1n) },
      'the length of metadata l is 18446744073709551615'
    ],
    [
      'a key twice',
      {
        metadata: [
          ['k', { type: 'bool', value: true }],
          ['k', { type: 'bool', value: true }]
        ]
      },
      'metadata k appears twice'
    ],
    [
      'an alignment of zero',
      { metadata: [['general.alignment', { type: 'u32', value: 0 }]] },
      'general.alignment is 0'
    ],
    ['a tensor twice', { tensors: [tensor(), tensor()], dataBytes: 32 }, 'tensor w appears twice'],
    [
      'five dimensions',
      { tensors: [tensor({ dimensions: [1, 1, 1, 1, 1] })], dataBytes: 32 },
      'tensor w has 5 dimensions'
    ],
    [
      'a dimension past 2^53',
      { tensors: [tensor({ dimensions: [2n ** 63n] })] },
      'a dimension of tensor w is 9223372036854775808'
    ],
    [
      'sizes whose product overflows',
      { tensors: [tensor({ dimensions: [2 ** 40, 2 ** 40] })] },
      'has more values than can be counted'
    ],
    ['data past the end', { tensors: [tensor()], dataBytes: 31 }, 'claims bytes'],
    ['an offset past the end', { tensors: [tensor({ offset: 2 ** 50 })], dataBytes: 32 }, 'claims bytes'],
    [
      'an offset off alignment',
      { tensors: [tensor({ offset: 4 })], dataBytes: 64 },
      'off its alignment of 32'
    ],
    ['a broken row', { tensors: [tensor({ type: 8 })], dataBytes: 64 }, 'rows that are no multiple of 32'],
    [
      'overlapping tensors',
      { tensors: [tensor({ dimensions: [16] }), tensor({ name: 'v', offset: 32 })], dataBytes: 64 },
      'tensors w and v overlap'
    ]
  ])('with %s is refused', async (_, options, message) => {
    const error = await failure(options);
    expect(error).toBeInstanceOf(InvalidGgufError);
    expect(error.message).toContain(message);
  });

  it.each<[string, TestGguf, string]>([
    ['version 1', { version: 1 }, 'model.gguf has version 1; GGUF versions 2 and 3'],
    ['big endian', { version: 0x03000000 }, 'model.gguf is big endian'],
    [
      'an unknown type',
      { tensors: [tensor({ type: 77 })], dataBytes: 32 },
      'Tensor w of model.gguf has the unknown type 77.'
    ]
  ])('with %s is refused as unsupported', async (_, options, message) => {
    const error = await failure(options);
    expect(error).toBeInstanceOf(UnsupportedGgufError);
    expect(error.message).toContain(message);
  });

  it('never ends in anything but a TabtuneError', async () => {
    const valid = testGguf({
      metadata: [
        ['general.alignment', { type: 'u32', value: 32 }],
        ['t', { type: 'array', of: 'string', values: ['a', 'bc'] }],
        ['s', { type: 'string', value: 'text' }]
      ],
      tensors: [tensor(), tensor({ name: 'v', dimensions: [32], type: 2, offset: 32 })],
      dataBytes: 50
    });
    const edit = fc.tuple(fc.nat(valid.length - 51), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.nat(valid.length), fc.array(edit, { maxLength: 4 }), async (length, edits) => {
        const bytes = valid.slice();
        for (const [at, byte] of edits) bytes[at] = byte;
        const error = await open(bytes.subarray(0, length)).then(
          () => undefined,
          (reason: unknown) => reason
        );
        if (error !== undefined) expect(error).toBeInstanceOf(TabtuneError);
      }),
      fuzz(1000)
    );
    for (let length = 0; length < valid.length; length++) {
      await expect(open(valid.subarray(0, length))).rejects.toThrow(InvalidGgufError);
    }
  });
});
