import { describe, expect, test } from 'vitest';
import { transient } from '../../plan/tensor';
import { attentionForward, AttentionShapeError } from './attention';
import { attentionBackwardRef, attentionForwardRef, rotate, type AttentionProblem } from './attention.ref';
import { randomProblem } from './problem.fixture';
import { causalPairs, headVector } from './shape';

describe('the float64 twin', () => {
  test.each<[string, Partial<AttentionProblem>, number[]]>([
    ['one sequence', {}, [7]],
    ['packed sequences', {}, [3, 1, 5]],
    ['a window', { window: 3 }, [9]],
    ['grouped queries', { heads: 4, kvHeads: 2 }, [5, 2]]
  ])('backward equals finite differences of the forward: %s', (_, shape, lengths) => {
    const {
      problem,
      qkv: rotated,
      rope,
      dOut
    } = randomProblem({ heads: 2, kvHeads: 1, headDim: 4, ...shape }, lengths);
    // Differences are taken before the rotation, as the kernels' gradients are.
    const qkv = Float64Array.from(rotated);
    const turn = (values: Float64Array, direction: 1 | -1) => {
      for (let row = 0; row < problem.tokens; row++) {
        for (let head = 0; head < problem.heads + problem.kvHeads; head++)
          rotate(problem, values, row, head, rope, direction);
      }
      return values;
    };
    turn(qkv, -1);
    const loss = (values: Float64Array) => {
      const { out } = attentionForwardRef(problem, turn(Float64Array.from(values), 1));
      return out.reduce((sum, o, i) => sum + o * dOut[i], 0);
    };
    const { dQkv } = attentionBackwardRef(problem, rotated, dOut, rope);
    const step = 1e-5;
    qkv.forEach((value, i) => {
      qkv[i] = value + step;
      const above = loss(qkv);
      qkv[i] = value - step;
      const below = loss(qkv);
      qkv[i] = value;
      expect(dQkv[i]).toBeCloseTo((above - below) / (2 * step), 7);
    });
  });

  test('one key gives its value, and its score as logsumexp', () => {
    const { problem, qkv } = randomProblem({ heads: 1, kvHeads: 1, headDim: 2 }, [1]);
    const { out, lse } = attentionForwardRef(problem, qkv);
    expect([...out]).toEqual([...qkv.slice(4, 6)]);
    expect(lse[0]).toBeCloseTo(problem.scale * (qkv[0] * qkv[2] + qkv[1] * qkv[3]), 12);
  });
});

test('counts causal pairs with and without a window', () => {
  expect(causalPairs(4, 0)).toBe(10);
  expect(causalPairs(4, 2)).toBe(7);
  expect(causalPairs(4, 9)).toBe(10);
});

test('a vector never crosses the middle of a head', () => {
  expect([128, 80, 12, 6].map((d) => headVector(d).width)).toEqual([4, 4, 2, 1]);
});

describe('refuses', () => {
  const args = {
    tokens: 2,
    heads: 2,
    kvHeads: 1,
    headDim: 4,
    window: 0,
    style: 'serial' as const,
    q: transient('qkv', 32),
    qStride: 16,
    qOffset: 0,
    kv: transient('qkv', 32),
    kvStride: 16,
    kOffset: 8,
    vOffset: 12,
    kvRows: 2,
    spans: transient('spans', 4, 'u32'),
    out: transient('out', 16)
  };
  test('an odd head', () => {
    expect(() => attentionForward({ ...args, headDim: 3 })).toThrow(AttentionShapeError);
  });
  test('heads that cannot be grouped', () => {
    expect(() => attentionForward({ ...args, heads: 3, kvHeads: 2 })).toThrow(
      /3 query heads cannot share 2 key heads/
    );
  });
  test('a tensor that is too short, by name', () => {
    expect(() => attentionForward({ ...args, out: transient('attended', 15) })).toThrow(
      /attended has 15 elements, attention needs 16/
    );
  });
});
