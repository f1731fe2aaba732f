import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { defaultOptions } from '../jobs/options';
import { estimateMemory } from './memory-estimate';
import type { DeviceSummary } from './protocol';

const device = (bytes: number): DeviceSummary => ({
  vendor: 'maker',
  architecture: 'new',
  description: '',
  features: [],
  limits: { maxStorageBufferBindingSize: bytes, maxBufferSize: bytes },
  software: false
});
const options = { ...defaultOptions };
const config: unknown = JSON.parse(await readFile('static/starter/model/config.json', 'utf8'));

describe('the memory of a run before it starts', () => {
  it('is the sum of its parts and grows with the batch', () => {
    const small = estimateMemory(config, options, device(2 ** 27), 64);
    expect(small.fits).toBe(true);
    expect(small.parts.reduce((sum, part) => sum + part.bytes, 0)).toBe(small.plannedBytes);
    expect(small.parts.map((part) => part.name)).toContain('base model');
    const large = estimateMemory(config, { ...options, batchSize: 64 }, device(2 ** 27), 64);
    expect(large.plannedBytes).toBeGreaterThan(small.plannedBytes);
    // Rows that are shorter than the length need less than the length would.
    expect(estimateMemory(config, options, device(2 ** 27), undefined).plannedBytes).toBeGreaterThan(
      small.plannedBytes
    );
  });

  it('says how much is short, and with which setting it would fit', () => {
    const estimate = estimateMemory(config, { ...options, batchSize: 256 }, device(2 ** 24), 256);
    expect(estimate.fits).toBe(false);
    expect(estimate.advice).toMatch(
      /this GPU allows \d+ MiB, \d+ MiB short\. It would fit with: batch size 16 with accumulation 16\.$/
    );
  });

  it('names a parameter that cannot be', () => {
    expect(() => estimateMemory(config, { ...options, rank: 0 }, undefined, 64)).toThrow(/Rank \(rank\)/);
  });
});
