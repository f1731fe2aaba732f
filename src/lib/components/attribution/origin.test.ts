import { expect, it } from 'vitest';
import type { AdapterSummary, RunSummary } from '$lib/workers/protocol';
import { originOf, sharesObstacle } from './origin';

const adapter = { id: 'a', run: 'r' } as AdapterSummary;
const run = { id: 'r' } as RunSummary;

it('finds the run of an adapter, or says why there is none', () => {
  expect(originOf(adapter, [run])).toEqual({ run });
  expect(originOf(undefined, [run]).why).toMatch(/^Train first/);
  expect(originOf({ ...adapter, run: undefined }, [run]).why).toMatch(/brought from elsewhere/);
  expect(originOf(adapter, []).why).toMatch(/was deleted/);
});

it('says what to do about a run without rows kept apart or with one contributor', () => {
  expect(sharesObstacle({ contributors: 3, heldOut: 10 })).toBeUndefined();
  expect(sharesObstacle({ contributors: 3, heldOut: 0 })).toMatch(/kept apart/);
  expect(sharesObstacle({ contributors: 1, heldOut: 10 })).toMatch(/one contributor/);
  expect(sharesObstacle({ contributors: 0, heldOut: 10 })).toMatch(/one contributor/);
});
