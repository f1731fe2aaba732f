import { describe, expect, it } from 'vitest';
import { testDevice } from '../../../../../tests/support/device';
import { normals } from '../../../../../tests/support/numbers';
import { Device } from '../../device';
import { f16BitsToF32, f32ToF16Bits } from '../../plan/float16';
import { runKernels } from '../../plan/run-kernel';
import type { Style } from '../../plan/style';
import { persistent, type Dtype, type Tensor } from '../../plan/tensor';
import { appendKeyValue } from './append-key-value';

const device = new Device(await testDevice());
const styles: Style[] = ['serial', 'cooperative'];

interface Case {
  tokens: number;
  live: number;
  past: number;
  maxTokens: number;
  heads: number;
  keyValueHeads: number;
  headDim: number;
}

const cases: Case[] = [
  { tokens: 1, live: 1, past: 0, maxTokens: 1, heads: 1, keyValueHeads: 1, headDim: 2 },
  { tokens: 1, live: 1, past: 7, maxTokens: 9, heads: 3, keyValueHeads: 1, headDim: 6 },
  { tokens: 5, live: 3, past: 2, maxTokens: 11, heads: 3, keyValueHeads: 1, headDim: 2 },
  { tokens: 33, live: 33, past: 31, maxTokens: 64, heads: 4, keyValueHeads: 2, headDim: 32 },
  { tokens: 300, live: 257, past: 100, maxTokens: 512, heads: 9, keyValueHeads: 3, headDim: 64 },
  // The prompt is longer than what is left: the rest is dropped, nothing before it moves.
  { tokens: 8, live: 8, past: 4, maxTokens: 6, heads: 2, keyValueHeads: 2, headDim: 4 }
];

const types: [Dtype, Dtype][] = [
  ['f32', 'f32'],
  ['f32', 'f16'],
  ['f16', 'f16']
];

const halved = (v: number) => f16BitsToF32(f32ToF16Bits(v));

describe.each(styles)('appending keys and values, %s', (style) => {
  describe.each(types)('from %s to %s', (from, to) => {
    it.runIf(to === 'f32' || device.f16).each(cases)(
      '$live of $tokens rows behind $past of $maxTokens, $heads:$keyValueHeads heads of $headDim',
      async (c) => {
        const qkvWidth = (c.heads + 2 * c.keyValueHeads) * c.headDim;
        const width = 2 * c.keyValueHeads * c.headDim;
        const qkv = persistent('qkv', c.tokens * qkvWidth, from);
        const cache = persistent('cache', c.maxTokens * width, to);
        const values = normals(1, qkv.length);
        const inputs = new Map<Tensor, Float32Array>([
          [qkv, values],
          [cache, new Float32Array(cache.length).fill(-1)]
        ]);
        const kernel = appendKeyValue({ ...c, qkv, cache, style });
        const results = await runKernels(device, [kernel], inputs, [cache], { tokens: c.live, past: c.past });
        results.get(cache)!.forEach((actual, i) => {
          const token = Math.floor(i / width) - c.past;
          const source = values[token * qkvWidth + c.heads * c.headDim + (i % width)];
          const expected = token < 0 || token >= c.live ? -1 : to === 'f16' ? halved(source) : source;
          if (actual !== expected) throw new Error(`element ${i}: ${actual} instead of ${expected}`);
        });
        expect(results.get(cache)!.length).toBe(c.maxTokens * width);
      }
    );
  });
});
