import { describe, expect, it } from 'vitest';
import { memoryStorage } from '../testing';
import { checkValue, ParametersState } from './parameters.svelte';
import { parameterSpecs, type ParameterSpec } from '$lib/jobs/options';

const specs: ParameterSpec[] = [
  {
    name: 'rank',
    label: 'Rank',
    help: 'Size.',
    kind: 'integer',
    default: 8,
    min: 1,
    max: 64,
    advanced: false
  },
  {
    name: 'learningRate',
    label: 'Rate',
    help: 'Speed.',
    kind: 'number',
    default: 1e-4,
    min: 0,
    advanced: false
  },
  {
    name: 'method',
    label: 'Method',
    help: 'How.',
    kind: 'choice',
    default: 'qlora',
    choices: [{ value: 'qlora', label: 'QLoRA' }],
    advanced: false
  },
  { name: 'shuffle', label: 'Shuffle', help: 'Order.', kind: 'boolean', default: true, advanced: true }
];

describe('parameters', () => {
  it('say why a value cannot be used', () => {
    const [rank, rate, method, shuffle] = specs;
    expect(checkValue(rank, 8)).toBeUndefined();
    expect(checkValue(rank, 8.5)).toBe('Write a whole number.');
    expect(checkValue(rank, 0)).toBe('At least 1.');
    expect(checkValue(rank, 65)).toBe('At most 64.');
    expect(checkValue(rate, Number.NaN)).toBe('Write a number.');
    expect(checkValue(method, 'full')).toBe('Choose one of qlora.');
    const targets = parameterSpecs.find((spec) => spec.name === 'targets')!;
    expect(checkValue(targets, 'q_proj,v_proj')).toBeUndefined();
    expect(checkValue(targets, 'q_proj,oops')).toContain('"oops"');
    expect(checkValue(shuffle, 'yes')).toBe('Choose yes or no.');
  });

  it('come back after a reload, without what no longer fits', () => {
    const storage = memoryStorage();
    const first = new ParametersState(specs, storage);
    first.set('rank', 16);
    first.set('learningRate', 3e-4);
    expect(new ParametersState(specs, storage).values).toEqual({
      rank: 16,
      learningRate: 3e-4,
      method: 'qlora',
      shuffle: true
    });
    const narrower = [{ ...specs[0], max: 12 }, ...specs.slice(1)];
    expect(new ParametersState(narrower, storage).values.rank).toBe(8);
    first.reset();
    expect(new ParametersState(specs, storage).values.rank).toBe(8);
  });

  it('follow the model and the rows where the person set nothing, and leave nothing of one model to the next', () => {
    let suggested: Record<string, number> = { learningRate: 4e-3, rank: 4 };
    const storage = memoryStorage();
    const parameters = () => new ParametersState(specs, storage, () => suggested);
    expect(parameters().values).toMatchObject({ learningRate: 4e-3, rank: 4, method: 'qlora' });
    parameters().set('rank', 32);
    suggested = { learningRate: 1e-3 };
    expect(parameters().values).toMatchObject({ learningRate: 1e-3, rank: 32 });
    expect(parameters().changed).toEqual({ rank: 32 });
    const both = parameters();
    both.set('method', 'lora');
    both.reset(['method']);
    expect(parameters().changed).toEqual({ rank: 32 });
    parameters().set('rank', 8);
    expect(parameters().changed).toEqual({});
  });

  it('hold a run back while one of them is wrong', () => {
    const parameters = new ParametersState(specs, memoryStorage());
    expect(parameters.valid).toBe(true);
    parameters.set('rank', Number.NaN);
    expect(parameters.valid).toBe(false);
    expect(parameters.problems).toEqual({ rank: 'Write a number.' });
  });
});
