import { describe, expect, it } from 'vitest';
import { nothingSelected, toggled, withKeys, withoutKey } from './selection';

describe('rows that are chosen together', () => {
  it('change as a whole, never in place', () => {
    const two = withKeys(nothingSelected, Uint32Array.of(1, 2));
    expect([...two]).toEqual([1, 2]);
    expect([...toggled(two, 2)]).toEqual([1]);
    expect([...toggled(two, 3)]).toEqual([1, 2, 3]);
    expect([...withoutKey(two, 1)]).toEqual([2]);
    expect([...two]).toEqual([1, 2]);
    expect(nothingSelected.size).toBe(0);
  });
});
