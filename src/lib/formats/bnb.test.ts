import { describe, expect, it } from 'vitest';
import { isBnbPart, openBnbWeight, readNf4, streamBnb } from './bnb';
import { openCheckpoint } from './checkpoint';
import { fromFile, fromPath } from './node-source';
import { openSafetensors, streamF32 } from './safetensors';
import { openShards, type Placed } from './shards';
import { fromBytes } from './source';
import { collect, firstDifference, golden, goldenF32 } from './testing';
import { CHUNK_VALUES, type Nf4Tensor } from './weights';

const NAMES = ['double', 'single', 'fp4'];
const COUNT = 65 * 320;

async function goldenTensors() {
  const { tensors } = await openShards([await fromFile(golden('bnb/weights.safetensors'))]);
  return tensors;
}

/** The formula in Nf4Tensor's comment, one value at a time. */
function expand(tensor: Nf4Tensor): Float32Array {
  const { absmax, nestedMap, nestedAbsmax, nestedOffset = 0 } = tensor;
  return Float32Array.from({ length: tensor.codes.length * 2 }, (_, i) => {
    const byte = tensor.codes[Math.floor(i / 2)];
    const block = Math.floor(i / 64);
    const scale =
      nestedMap && nestedAbsmax
        ? Math.fround(
            Math.fround(nestedMap[absmax[block]] * nestedAbsmax[Math.floor(block / 256)]) + nestedOffset
          )
        : absmax[block];
    return tensor.map[i % 2 === 0 ? Math.floor(byte / 16) : byte % 16] * scale;
  });
}

describe('a weight that bitsandbytes stored in 4 bits', () => {
  it.each(NAMES)('streams the values that bitsandbytes gives: %s', async (name) => {
    const weight = await openBnbWeight(await goldenTensors(), `${name}.weight`);
    expect(weight.shape).toEqual([65, 320]);
    const from = NAMES.indexOf(name) * COUNT;
    const expected = (await goldenF32('bnb/weights.f32')).subarray(from, from + COUNT);
    expect(firstDifference(await collect(streamBnb(weight)), expected)).toBeUndefined();
  });

  it.each(['double', 'single'])('hands its NF4 bytes on: %s', async (name) => {
    const weight = await openBnbWeight(await goldenTensors(), `${name}.weight`);
    const nf4 = (await readNf4(weight))!;
    expect(nf4.shape).toEqual([65, 320]);
    expect(nf4.absmax).toBeInstanceOf(name === 'double' ? Uint8Array : Float32Array);
    const from = NAMES.indexOf(name) * COUNT;
    const expected = (await goldenF32('bnb/weights.f32')).subarray(from, from + COUNT);
    expect(firstDifference(expand(nf4), expected)).toBeUndefined();
  });

  it('keeps to its scales beyond the first chunk', async () => {
    const blocks = CHUNK_VALUES / 64 + 2;
    const state = JSON.stringify({ quant_type: 'nf4', blocksize: 64, shape: [1, blocks * 64] });
    const whole = (name: string, bytes: Uint8Array) => {
      const entry = { name, dtype: 'U8' as const, shape: [bytes.length], start: 0, end: bytes.length };
      return [name, { source: fromBytes(name, bytes), entry }] as const;
    };
    const floats = (name: string, values: Float32Array) => {
      const [key, { source, entry }] = whole(name, new Uint8Array(values.buffer));
      return [key, { source, entry: { ...entry, dtype: 'F32' as const } }] as const;
    };
    const tensors = new Map<string, Placed>([
      whole('w', new Uint8Array(blocks * 32).fill(0xff)),
      whole('w.quant_state.bitsandbytes__nf4', new TextEncoder().encode(state)),
      floats('w.quant_map', new Float32Array(16).fill(1)),
      floats(
        'w.absmax',
        Float32Array.from({ length: blocks }, (_, i) => i)
      )
    ]);
    const values = await collect(streamBnb(await openBnbWeight(tensors, 'w')));
    expect(values).toHaveLength(blocks * 64);
    expect(values.findIndex((value, i) => value !== Math.floor(i / 64))).toBe(-1);
  });

  it.each([
    [128, false],
    [192, false],
    [128, true]
  ])(
    'in blocks of %i (double quantised: %s) is handed on as blocks of 64 of the same values',
    async (blockSize, nested) => {
      const count = 3 * blockSize * 2;
      const blocks = count / blockSize;
      const state = { quant_type: 'nf4', blocksize: blockSize, shape: [6, blockSize] };
      const full = nested ? { ...state, nested_blocksize: 256, nested_offset: 0.125 } : state;
      const codes = Uint8Array.from({ length: count / 2 }, (_, i) => (i * 37) & 255);
      const map = Float32Array.from({ length: 16 }, (_, i) => (i - 7) / 8);
      const f32 = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
      const part = (name: string, dtype: 'U8' | 'F32', bytes: Uint8Array) => {
        const entry = {
          name,
          dtype,
          shape: [bytes.length / (dtype === 'U8' ? 1 : 4)],
          start: 0,
          end: bytes.length
        };
        return [name, { source: fromBytes(name, bytes), entry }] as const;
      };
      const scales = Array.from({ length: blocks }, (_, i) => 0.5 + i / 3);
      const tensors = new Map<string, Placed>([
        part('w', 'U8', codes),
        part('w.quant_state.bitsandbytes__nf4', 'U8', new TextEncoder().encode(JSON.stringify(full))),
        part('w.quant_map', 'F32', new Uint8Array(map.buffer)),
        ...(nested
          ? [
              part(
                'w.absmax',
                'U8',
                Uint8Array.from({ length: blocks }, (_, i) => 40 * i)
              ),
              part('w.nested_absmax', 'F32', f32([1.5])),
              part('w.nested_quant_map', 'F32', f32(Array.from({ length: 256 }, (_, i) => i / 255)))
            ]
          : [part('w.absmax', 'F32', f32(scales))])
      ]);
      const weight = await openBnbWeight(tensors, 'w');
      const nf4 = (await readNf4(weight))!;
      expect(nf4.absmax).toHaveLength(count / 64);
      expect(firstDifference(expand(nf4), await collect(streamBnb(weight)))).toBeUndefined();
    }
  );

  it('has no NF4 bytes when its code book is another', async () => {
    expect(await readNf4(await openBnbWeight(await goldenTensors(), 'fp4.weight'))).toBeUndefined();
  });

  it('knows its parts from weights', () => {
    expect(isBnbPart('a.weight')).toBe(false);
    expect(isBnbPart('a.weight.nested_absmax')).toBe(true);
    expect(isBnbPart('a.weight.quant_state.bitsandbytes__nf4')).toBe(true);
  });
});

describe('a broken 4-bit weight', () => {
  it('names the part that is missing, or of another size', async () => {
    const tensors = await goldenTensors();
    tensors.set('double.weight.absmax', tensors.get('single.weight.absmax')!);
    await expect(openBnbWeight(tensors, 'double.weight')).rejects.toThrow(
      'The 4-bit weight double.weight of weights.safetensors is inconsistent: .absmax is F32 [325], not 325 values of U8.'
    );
    tensors.delete('double.weight.absmax');
    await expect(openBnbWeight(tensors, 'double.weight')).rejects.toThrow('.absmax is missing');
  });

  it('names a state that is no JSON, or contradicts the codes', async () => {
    const source = await fromFile(golden('bnb/weights.safetensors'));
    const file = (await source.read(0, source.size)).slice();
    const { tensors } = await openSafetensors(source);
    const { start, end } = tensors.get('single.weight.quant_state.bitsandbytes__nf4')!;
    const state = new TextDecoder().decode(file.subarray(start, end));
    const withState = async (text: string) => {
      const changed = file.slice();
      changed.set(new TextEncoder().encode(text.padEnd(end - start)), start);
      return openBnbWeight(
        (await openShards([fromBytes('w.safetensors', changed)])).tensors,
        'single.weight'
      );
    };
    await expect(withState('{')).rejects.toThrow(
      'The 4-bit state single.weight.quant_state.bitsandbytes__nf4 of w.safetensors is malformed.'
    );
    await expect(withState(state.replace('65', '66'))).rejects.toThrow(
      'shape [66, 320] does not fit its codes'
    );
  });
});

it('a whole 4-bit checkpoint shows the shapes of the model it stands for', async () => {
  const tokenizer = fromBytes('tokenizer.json', new TextEncoder().encode('{}'));
  const files = await fromPath(golden('models/llama-tied-bnb4'));
  const checkpoint = await openCheckpoint([...files, tokenizer]);
  const full = await openSafetensors(await fromFile(golden('models/llama-tied/model.safetensors')));
  for (const [name, entry] of full.tensors) {
    expect(checkpoint.shape(name)).toEqual(entry.shape);
    const [actual, original] = [
      await collect(checkpoint.stream(name)),
      await collect(streamF32(full.source, entry))
    ];
    const largest = original.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    // Half the widest step between NF4 codes, of the largest scale.
    const worst = actual.reduce((max, value, i) => Math.max(max, Math.abs(value - original[i])), 0);
    expect(worst).toBeLessThan(0.16 * largest);
  }
  expect(await checkpoint.nf4('model.layers.0.self_attn.q_proj.weight')).toMatchObject({
    shape: checkpoint.shape('model.layers.0.self_attn.q_proj.weight')
  });
  expect(await checkpoint.nf4('model.norm.weight')).toBeUndefined();
});
