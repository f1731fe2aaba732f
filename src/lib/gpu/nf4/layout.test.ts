import { describe, expect, it } from 'vitest';
import { nf4Codebook } from './codebook';
import {
  absmaxOffset,
  blockAbsmax,
  codesLength,
  InvalidNf4Error,
  metaLength,
  nestedOffset,
  nf4Layout,
  packNf4,
  type Nf4Tensor,
  type PackedNf4
} from './layout';
import { dequantizeNf4, quantizeNf4 } from './quantize';

function matrix(rows: number, columns: number, seed: number): Nf4Tensor {
  const values = Float32Array.from(
    { length: rows * columns },
    (_, i) => Math.sin(i * 0.7 + seed) * (0.01 + ((i >> 6) % 9))
  );
  return quantizeNf4(values, [rows, columns]);
}

function withoutDouble(tensor: Nf4Tensor): Nf4Tensor {
  const absmax = Float32Array.from({ length: tensor.absmax.length }, (_, b) => 0.5 + b * 0.001);
  return { shape: tensor.shape, codes: tensor.codes, map: tensor.map, absmax };
}

/** Reads weight `index` of a packed matrix by the documented rule. */
function read(packed: PackedNf4, index: number): number {
  const floats = new Float32Array(packed.meta.buffer);
  const code = (packed.codes[index >> 3] >> (((index & 7) ^ 1) * 4)) & 15;
  const block = index >> 6;
  const at = absmaxOffset(packed.length, packed.absmaxForm);
  if (packed.absmaxForm === 'single') return Math.fround(nf4Codebook[code] * floats[at + block]);
  const byte = (packed.meta[at + (block >> 2)] >> ((block & 3) * 8)) & 255;
  const nested = nestedOffset + 2 * (block >> 8);
  return Math.fround(
    nf4Codebook[code] * Math.fround(Math.fround(floats[byte] * floats[nested]) + floats[nested + 1])
  );
}

describe('packNf4', () => {
  const cases: [string, Nf4Tensor[]][] = [
    ['one matrix', [matrix(3, 64, 1)]],
    ['three parts with other statistics', [matrix(300, 64, 1), matrix(5, 64, 2), matrix(260, 64, 3)]],
    ['columns that no block divides', [matrix(7, 37, 4), matrix(1, 37, 5)]],
    ['no double quantisation', [withoutDouble(matrix(300, 64, 6))]],
    ['double quantisation beside none', [matrix(9, 64, 7), withoutDouble(matrix(9, 64, 8))]]
  ];

  it.each(cases)('keeps every value: %s', (_, tensors) => {
    const packed = packNf4(tensors);
    expect(packed.codes.length).toBe(codesLength(packed.length));
    expect(packed.meta.length).toBe(metaLength(packed.length, packed.absmaxForm));
    tensors.forEach((tensor, i) => {
      const { base } = packed.parts[i];
      expect(base % 16384).toBe(0);
      dequantizeNf4(tensor).forEach((value, k) => {
        if (read(packed, base + k) + 0 !== value + 0) throw new Error(`part ${i}, weight ${k}`);
      });
    });
  });

  it('says the form, and the layout without weights', () => {
    expect(packNf4([matrix(1, 64, 0)]).absmaxForm).toBe('double');
    expect(packNf4([withoutDouble(matrix(1, 64, 0))]).absmaxForm).toBe('single');
    const packed = packNf4([matrix(300, 64, 1), matrix(5, 64, 2)]);
    expect(
      nf4Layout([
        [300, 64],
        [5, 64]
      ])
    ).toEqual({ parts: packed.parts, length: packed.length, absmaxForm: 'double' });
  });

  it('costs about 4.13 bits a weight', () => {
    const { length } = nf4Layout([[4096, 4096]]);
    expect(((codesLength(length) + metaLength(length, 'double')) * 32) / length).toBeCloseTo(4.127, 2);
  });

  it('refuses what is not NF4', () => {
    const good = matrix(2, 64, 1);
    const bad: [Partial<Nf4Tensor>, RegExp][] = [
      [{ codes: good.codes.subarray(1) }, /63 bytes of codes for 128 weights/],
      [{ absmax: new Uint8Array(3) }, /3 absmax for 2 blocks/],
      [{ map: Float32Array.from(good.map, (v) => v * 2) }, /another codebook/],
      [{ absmax: new Float32Array(2) }, /contradict/],
      [{ nestedAbsmax: new Float32Array(2) }, /2 nested absmax/],
      [{ nestedMap: undefined }, /no 8-bit map/]
    ];
    for (const [change, message] of bad) {
      expect(() => packNf4([{ ...good, ...change }])).toThrow(InvalidNf4Error);
      expect(() => packNf4([{ ...good, ...change }])).toThrow(message);
    }
    expect(() =>
      packNf4([{ ...good, absmax: blockAbsmax(good), nestedAbsmax: undefined }, good], 'double')
    ).toThrow(/double-quantised and others are not/);
  });
});
