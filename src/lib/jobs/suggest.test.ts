import { describe, expect, it } from 'vitest';
import { completeOptions } from './options';
import { starterName, starterOptions } from './starter';
import { suggestOptions } from './suggest';

const llama = { name: 'meta-llama/Llama-3.2-1B', hiddenSize: 2048, parameters: 1.24e9, maxLength: 131072 };
const smol = { name: 'SmolLM2-135M-Instruct', hiddenSize: 576, parameters: 135e6, maxLength: 8192 };
const large = { name: 'mistralai/Mistral-7B-v0.3', hiddenSize: 4096, parameters: 7.2e9, maxLength: 32768 };

describe('suggested parameters', () => {
  it('go by the size of the model', () => {
    expect(suggestOptions({ model: smol })).toEqual({ learningRate: 1.3e-3, batchSize: 8, gradAccum: 1 });
    expect(suggestOptions({ model: llama })).toEqual({ learningRate: 4.9e-4, batchSize: 4, gradAccum: 2 });
    expect(suggestOptions({ model: large })).toEqual({ learningRate: 2.9e-4, batchSize: 2, gradAccum: 4 });
  });

  it('take rows whole, as far as the model reads and memory goes', () => {
    const lengthFor = (longest: number, maxLength: number) =>
      suggestOptions({ model: { ...smol, maxLength }, rows: { count: 10, longest } }).maxLength;
    expect(lengthFor(33, 8192)).toBe(40);
    expect(lengthFor(700, 256)).toBe(256);
    expect(lengthFor(700, 250)).toBe(248);
    expect(lengthFor(20_000, 8192)).toBe(1024);
    expect(lengthFor(3, 8192)).toBe(8);
    expect(suggestOptions({ model: smol, rows: { count: 10, longest: 0 } })).not.toHaveProperty('maxLength');
  });

  it('read few rows more often than many', () => {
    const epochsFor = (count: number) => suggestOptions({ rows: { count, longest: 8 } }).epochs;
    expect([7, 1999, 2000, 10_000].map(epochsFor)).toEqual([3, 3, 2, 1]);
  });

  it('of the starter are those of its card, and never stay behind', () => {
    const starter = { name: starterName, hiddenSize: 192, parameters: 3e6, maxLength: 512 };
    const rows = { count: 264, longest: 39 };
    expect(suggestOptions({ model: starter, rows })).toEqual(starterOptions);
    expect(suggestOptions({ model: smol, rows })).not.toMatchObject({ learningRate: 4e-3 });
  });

  it('can be used as they are, whatever the model says of itself', () => {
    for (const hiddenSize of [0, 1, 64, 192, 16384]) {
      for (const parameters of [0, 1e6, 1e9, 1e12]) {
        for (const maxLength of [0, 8, 9, 131072]) {
          const model = { name: 'x', hiddenSize, parameters, maxLength };
          completeOptions(suggestOptions({ model, rows: { count: 1, longest: 1 } }));
          completeOptions(suggestOptions({ model, rows: { count: 1e6, longest: 1e6 } }));
        }
      }
    }
  });
});
