import { describe, expect, it } from 'vitest';
import { argmax, InvalidLogitsError, sample } from './sampling';
import { fromState, seededRandom } from './sampling-random';

const logitsOf = (count: number, seed: number) => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => 10 * random() - 5);
};

function softmax(logits: Float32Array, temperature: number): Float64Array {
  const top = Math.max(...logits);
  const weights = Float64Array.from(logits, (v) => Math.exp((v - top) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / total);
}

/** The smallest set of most probable ids that reaches `topP`, by full sorting. */
function nucleusOf(probabilities: Float64Array, topP: number): Set<number> {
  const ids = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a] || a - b);
  const kept = new Set<number>();
  let sum = 0;
  for (const id of ids) {
    kept.add(id);
    sum += probabilities[id];
    if (sum >= topP) break;
  }
  return kept;
}

describe('seededRandom', () => {
  it('is xoshiro128**', () => {
    const random = fromState(1, 2, 3, 4);
    const words = Array.from({ length: 10 }, () => random() * 2 ** 32);
    expect(words).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804
    ]);
  });

  it('gives the same numbers for the same seed, others for another, all in [0, 1)', () => {
    for (const seed of [0, 1, 42, 2 ** 32 - 1]) {
      const [a, b, c] = [seededRandom(seed), seededRandom(seed), seededRandom(seed + 1)];
      const first = Array.from({ length: 1000 }, a);
      expect(Array.from({ length: 1000 }, b)).toEqual(first);
      expect(Array.from({ length: 1000 }, c)).not.toEqual(first);
      expect(first.every((v) => v >= 0 && v < 1)).toBe(true);
      expect(Math.abs(first.reduce((x, y) => x + y, 0) / 1000 - 0.5)).toBeLessThan(0.05);
    }
  });
});

describe('greedy', () => {
  it('takes the highest logit, the lowest id among equals, and no random number', () => {
    const random = () => {
      throw new Error('called');
    };
    for (const count of [1, 2, 997]) {
      const logits = logitsOf(count, count);
      expect(sample(logits, { temperature: 0, topP: 1, random })).toBe(logits.indexOf(Math.max(...logits)));
    }
    expect(argmax(Float32Array.of(1, 3, 3, 2))).toBe(1);
    expect(argmax(Float32Array.of(-Infinity, -5))).toBe(1);
  });
});

describe('sampling', () => {
  it('draws each token as often as its probability says', () => {
    const logits = Float32Array.of(0, 1, 2, -1, -Infinity);
    for (const temperature of [0.5, 1, 2]) {
      const random = seededRandom(7);
      const counts = new Float64Array(5);
      const draws = 20000;
      for (let i = 0; i < draws; i++) counts[sample(logits, { temperature, topP: 1, random })]++;
      const expected = softmax(logits, temperature);
      // Four standard deviations of a binomial.
      expected.forEach((p, id) =>
        expect(Math.abs(counts[id] / draws - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / draws))
      );
      expect(counts[4]).toBe(0);
    }
  });

  it('draws from the nucleus, all of it and nothing else', () => {
    for (const topP of [0.01, 0.3, 0.9, 0.999]) {
      const logits = logitsOf(50, 3);
      const kept = nucleusOf(softmax(logits, 0.8), topP);
      const drawn = new Set<number>();
      const steps = 5000;
      // An even sweep of [0, 1) instead of random numbers reaches every token that weighs more than one step.
      for (let i = 0; i < steps; i++)
        drawn.add(sample(logits, { temperature: 0.8, topP, random: () => i / steps }));
      expect([...drawn].every((id) => kept.has(id))).toBe(true);
      const reachable = [...kept].filter((id) => softmax(logits, 0.8)[id] > 2 / steps);
      expect(reachable.every((id) => drawn.has(id))).toBe(true);
    }
  });

  it('never draws a barred token, at either end of the random numbers', () => {
    const logits = Float32Array.of(-Infinity, 0, -Infinity, 0, -Infinity);
    for (const topP of [0.5, 1]) {
      for (const value of [0, 0.25, 0.5, 1 - 2 ** -32]) {
        expect([1, 3]).toContain(sample(logits, { temperature: 1, topP, random: () => value }));
      }
    }
  });

  it('holds out against logits that overflow exp and temperatures near 0', () => {
    const logits = Float32Array.of(3e38, 1e38, -3e38);
    expect(sample(logits, { temperature: 1, topP: 1, random: () => 0.99 })).toBe(0);
    expect(sample(Float32Array.of(1, 1.001, 0), { temperature: 1e-9, topP: 0.9, random: () => 0.99 })).toBe(
      1
    );
  });

  it('refuses NaN and options out of range', () => {
    const options = { temperature: 1, topP: 1, random: () => 0 };
    expect(() => sample(Float32Array.of(1, NaN), options)).toThrow(InvalidLogitsError);
    expect(() => sample(Float32Array.of(1, Infinity), options)).toThrow(InvalidLogitsError);
    expect(() => sample(Float32Array.of(-Infinity, -Infinity), options)).toThrow(InvalidLogitsError);
    expect(() => sample(Float32Array.of(1), { ...options, temperature: -1 })).toThrow(/temperature/);
    expect(() => sample(Float32Array.of(1), { ...options, topP: 0 })).toThrow(/top-p/);
    expect(() => sample(Float32Array.of(1), { ...options, topP: NaN })).toThrow(/top-p/);
  });
});
