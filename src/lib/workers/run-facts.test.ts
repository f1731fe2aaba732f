import { expect, it } from 'vitest';
import type { RunRecord } from '../datanets/store/schema';
import { factsOf, runJson, summariseRun } from './run-facts';

const model = { kind: 'starter' as const, folder: '/' };
const shared = { step: 3, steps: 9, firstLoss: 4 };

const record = (page: unknown): RunRecord => ({
  ...{ id: 'run', name: 'Run', created: 1, updated: 1, status: 'failed' },
  run: { page, sha256: { base: 'b' } }
});

it('reads runs that earlier pages wrote, which knew one set of rows', () => {
  const request = { model, modelName: 'tabtune-starter', rowSet: 'set', options: { rank: 4 } };
  const old = record({ ...shared, request, rowSetName: 'Handbook' });
  expect(factsOf(old)).toEqual({
    ...shared,
    dataName: 'Handbook',
    request: {
      model,
      modelName: 'tabtune-starter',
      options: { rank: 4 },
      data: { kind: 'rows', rowSet: 'set' }
    }
  });
  expect(summariseRun(old, undefined)).toMatchObject({ id: 'run', dataName: 'Handbook', resumable: false });
  expect(summariseRun(record(undefined), undefined)).toBeUndefined();
});

it('keeps what only the page needs out of run.json', () => {
  expect(runJson(record({ ...shared, dataName: 'Handbook' }))).toEqual({ sha256: { base: 'b' } });
});

it('tells what the steps of a run that is over took together', () => {
  const over = record({ ...shared, dataName: 'Handbook', request: { model, options: {} } });
  expect(summariseRun(over, undefined)).not.toHaveProperty('milliseconds');
  over.run['steps'] = [{ milliseconds: 1200 }, { milliseconds: 300 }];
  expect(summariseRun(over, undefined)).toMatchObject({ milliseconds: 1500 });
});
