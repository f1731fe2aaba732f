import { describe, expect, it } from 'vitest';
import { readBytes } from '../../../../tests/support/files';
import { dynamicMap, midpoints, nf4Codebook } from './codebook';
import { packNf4, type Nf4Tensor } from './layout';
import { dequantizeNf4, Nf4Quantizer, NonFiniteWeightError, quantizeNf4, WeightCountError } from './quantize';

interface Golden {
  input: Float32Array;
  shape: number[];
  codes: Uint8Array;
  dequantized: Float32Array;
  absmax: Float32Array;
  absmaxCodes: Uint8Array;
  nestedAbsmax: Float32Array;
  nestedOffset: number;
  nestedMap: Float32Array;
  doubleDequantized: Float32Array;
  map: Float32Array;
}

async function golden(name: string): Promise<Golden> {
  const file = await readBytes(`tests/goldens/nf4/${name}.safetensors`);
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >;
  const bytes = (key: string) =>
    file.slice(...(header[key].data_offsets.map((o) => 8 + length + o) as [number, number]));
  const floats = (key: string) => new Float32Array(bytes(key).buffer);
  return {
    input: floats('input'),
    shape: header['input'].shape,
    codes: bytes('codes'),
    dequantized: floats('dequantized'),
    absmax: floats('absmax'),
    absmaxCodes: bytes('double.absmax_codes'),
    nestedAbsmax: floats('double.nested_absmax'),
    nestedOffset: floats('double.nested_offset')[0],
    nestedMap: floats('double.nested_map'),
    doubleDequantized: floats('double.dequantized'),
    map: floats('map')
  };
}

const matrixShape = (g: Golden): [number, number] =>
  g.shape.length === 2 ? [g.shape[0], g.shape[1]] : [1, g.shape[0]];

describe.each(['random', 'edges', 'tail', 'real'])('NF4 of %s weights', (name) => {
  it('has the bytes of bitsandbytes', async () => {
    const g = await golden(name);
    const made = quantizeNf4(g.input, matrixShape(g));
    expect(made.codes).toEqual(g.codes);
    expect(made.absmax).toEqual(g.absmaxCodes);
    expect(made.nestedAbsmax).toEqual(g.nestedAbsmax);
    expect(made.nestedOffset).toBe(g.nestedOffset);
    expect(made.nestedMap).toEqual(g.nestedMap);
    expect(made.map).toEqual(g.map);
  });

  it('stands for the values of bitsandbytes, double-quantised or not', async () => {
    const g = await golden(name);
    const made = quantizeNf4(g.input, matrixShape(g));
    // -0 and 0 are one value here.
    expect(dequantizeNf4(made).map((v) => v + 0)).toEqual(g.doubleDequantized.map((v) => v + 0));
    const single: Nf4Tensor = { shape: made.shape, codes: made.codes, map: made.map, absmax: g.absmax };
    expect(dequantizeNf4(single).map((v) => v + 0)).toEqual(g.dequantized.map((v) => v + 0));
  });

  it('does not depend on how the values are cut into chunks', async () => {
    const g = await golden(name);
    const whole = quantizeNf4(g.input, matrixShape(g));
    for (const chunk of [1, 63, 64, 65, 1000]) {
      const quantizer = new Nf4Quantizer('w', matrixShape(g));
      for (let at = 0; at < g.input.length; at += chunk) quantizer.push(g.input.subarray(at, at + chunk));
      expect(quantizer.finish()).toEqual(whole);
    }
  });
});

describe('NF4 search', () => {
  it('takes the code that counting midpoints gives, next to every midpoint and between', () => {
    const between = midpoints(nf4Codebook);
    const values = new Float32Array(64 * 4096);
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < values.length; i++) {
      values[i] = (i % 2 ? 1 : -1) * Math.abs(Math.sin(i * 12.9898) * 0.999);
      if (i % 3 === 0) {
        values[i] = between[i % 15];
        bits[i] += (i % 5) - 2;
      }
      if (i % 64 === 0) values[i] = 1;
    }
    const { codes } = quantizeNf4(values, [4096, 64]);
    values.forEach((v, i) => {
      const code = i & 1 ? codes[i >> 1] & 15 : codes[i >> 1] >> 4;
      if (code !== between.filter((m) => v > m).length) throw new Error(`${v} became ${code}`);
    });
  });
});

describe('NF4 at the ends of f32', () => {
  it('gives the outermost codes to the largest magnitudes, whose reciprocals are denormal', () => {
    const values = new Float32Array(64);
    values[0] = 3.4e38;
    values[1] = -3.4e38;
    values[2] = 3.4e38 * 0.99;
    const { codes } = quantizeNf4(values, [1, 64]);
    expect([...codes.subarray(0, 3)]).toEqual([0xf0, 0xf7, 0x77]);
  });
});

describe('bad weights', () => {
  it('names the tensor, row and column of a NaN or an infinity', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const values = new Float32Array(256).fill(0.5);
      values[130] = bad;
      expect(() => quantizeNf4(values, [4, 64], 'model.layers.0.mlp.up_proj.weight')).toThrow(
        NonFiniteWeightError
      );
      expect(() => quantizeNf4(values, [4, 64], 'up')).toThrow(/^up: the weight in row 2, column 2 is/);
    }
  });

  it('refuses too many and too few values', () => {
    expect(() => quantizeNf4(new Float32Array(65), [1, 64])).toThrow(WeightCountError);
    expect(() => quantizeNf4(new Float32Array(63), [1, 64])).toThrow(/needs 64 values, 63 came/);
  });
});

describe('codebooks', () => {
  it('make the dynamic map of bitsandbytes', async () => {
    expect(dynamicMap()).toEqual((await golden('random')).nestedMap);
  });

  it('go to the GPU as the bytes that they are', async () => {
    const g = await golden('real');
    const made = quantizeNf4(g.input, matrixShape(g));
    const packed = packNf4([made]);
    expect(new Uint8Array(packed.codes.buffer, 0, g.codes.length)).toEqual(g.codes);
  });
});
