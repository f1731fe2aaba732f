import 'fake-indexeddb/auto';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHARE_RULES } from '../../attribution/shares';
import { canonicalJson, rowsSha256 } from '../../datanets/canonical';
import { Store } from '../../datanets/store/store';
import type { AttributionReceipt, RunManifest, Signed } from '../../datanets/trust/statements';
import { statementCid } from '../../datanets/trust/sign';
import type { Adapter } from '../../formats/peft';
import type { FinetuneResult } from '../../jobs/finetune';
import { sketchSeed } from '../../jobs/gradient-session';
import { completeOptions, parameterSpecs } from '../../jobs/options';
import type { GpuJobs } from '../gpu-jobs';
import { adapterSha256, saveAdapter } from '../stored-adapter';
import { fakeDevice, gpuServiceWith, type FakeDevice } from '../testing-gpu';
import { keepStatement, keepVersion, owner, signedBy } from '../testing-versions';
import { compareShares } from './repeating';
import { flatAdapter, keepRun, measuring, sameFact, teaches, tinyModel } from './testing';

let store: Store;
let count = 0;
let claimed: string;
let manifest: RunManifest;
const nothing = () => undefined;

const entry = { id: 'one', contributor: 'Wen', licence: { spdx: 'CC0-1.0' }, rows: 1 };
const rows = [
  teaches('Ines', 'the lamp', 'a lamp is lit at dusk by whoever is there'),
  teaches('Wen', 'the tide', 'spring tides come with the new and the full moon', { contribution: 'one' })
];
const questions = ['the lamp', 'the tide'].map((fact) => teaches('Ines', fact, 'who', { split: 'test' }));

beforeEach(async () => {
  count += 1;
  store = await Store.open(`repeating-${count}`);
  const { cid, root } = await keepVersion(store, 'tides', [...rows, ...questions], {
    contributions: [entry]
  });
  const data = { kind: 'datanets' as const, versions: [{ datanet: 'datanet-tides', root, weight: 1 }] };
  const { run, adapter } = await keepRun(store, data, { options: { seed: 7 } });
  claimed = adapter;
  const record = (await store.run(run)).run as {
    config: Record<string, never>;
    sha256: Record<string, string>;
  };
  const config = Object.fromEntries(parameterSpecs.map(({ name }) => [name, record.config[name]]));
  manifest = {
    ...{ kind: 'run-manifest', by: owner, created: '2026-01-01T00:00:00.000Z', name: 'Mine' },
    base: { name: 'llama-tied', sha256: record.sha256['base'] },
    datanets: [
      {
        ...{ datanet: 'datanet-tides', name: 'tides', number: 1, version: cid, root },
        ...{ licence: { spdx: 'CC0-1.0' }, weight: 1000, rows: 2, heldOut: 2, part: 'used' }
      }
    ],
    data: { sha256: record.sha256['data'], rows: 2, heldOut: 2 },
    ...{ config, configSha256: bytesToHex(sha256(utf8ToBytes(canonicalJson(config)))) },
    adapter: { sha256: record.sha256['adapter'] },
    ...{ steps: 4, device: 'a GPU', software: 'tabtune 0.1.0' }
  };
});
afterEach(() => store.close());

type Job = Parameters<GpuJobs['finetune']>[0];

/** A GPU that trains to `made` in so many steps, and notes what it was given. */
function trainer(made: Adapter, steps = 4): { jobs: Partial<GpuJobs>; trained: Job[] } {
  const trained: Job[] = [];
  const finetune: GpuJobs['finetune'] = async (job) => {
    trained.push(job);
    let step = 0;
    while (step < steps && !job.signal.aborted) {
      step += 1;
      const figures = { epoch: 0, loss: 1, learningRate: 0.5, gradNorm: 1, tokens: 1, trainedTokens: 1 };
      job.onEvent({ kind: 'step', step, steps, secondsLeft: 1, milliseconds: 1, ...figures });
      if (step < 3) job.onEvent({ kind: 'moment', step, values: Float32Array.of(step), learningRate: 0.5 });
      await new Promise((resolve) => setTimeout(resolve));
    }
    const { id } = await saveAdapter(store, made, { name: 'found' });
    const adapter = await adapterSha256(store, id);
    await store.deleteAdapter(id);
    const record = { sha256: { adapter }, steps: Array.from({ length: step }) };
    const status = job.signal.aborted ? 'stopped' : 'done';
    return { adapter: made, status, record } as unknown as FinetuneResult;
  };
  return { jobs: { ...measuring(sameFact), finetune }, trained };
}

const signed = (change: Partial<RunManifest> = {}) => signedBy({ ...manifest, ...change });

function receiptOf(
  of: Signed<RunManifest>,
  change: Partial<AttributionReceipt> = {}
): Signed<AttributionReceipt> {
  const share = (id: string, value: number) => ({
    id,
    name: id,
    rows: 1,
    share: value,
    low: 0,
    high: 1_000_000
  });
  return signedBy({
    ...{ kind: 'attribution-receipt', by: owner, created: '2026-01-01T00:00:00.000Z' },
    ...{ manifest: statementCid(of), adapter: manifest.adapter.sha256 },
    method: {
      ...{
        estimator: 'cosine',
        moments: [1, 2],
        sketch: { width: 64, seed: sketchSeed },
        rules: SHARE_RULES
      },
      questions: { count: 2, sha256: rowsSha256(questions).sha256 }
    },
    shares: [share('Ines', 500_000), share('Wen', 500_000)],
    ...{ sharesRoot: `0x${'ab'.repeat(32)}`, trust: { agreement: {} } },
    ...change
  });
}

describe('a run that is repeated', () => {
  it('has the same bits and the same shares', async () => {
    const { jobs, trained } = trainer(flatAdapter(1));
    const of = signed();
    const report = await gpuServiceWith(store, jobs).repeatRun(
      { manifest: of, receipt: receiptOf(of), model: tinyModel, adapter: claimed },
      nothing
    );
    expect(report).toMatchObject({
      adapter: { verdict: 'equal', difference: 0, tensors: [], sha256: { found: manifest.adapter.sha256 } },
      shares: { verdict: 'equal' },
      inputs: []
    });
    const [job] = trained;
    expect(job.options).toEqual(completeOptions({ rank: 1, batchSize: 2, seed: 7 }));
    expect(job.rows).toEqual(rows);
    expect(job.heldOut).toEqual(questions);
    // It is no run of this browser's own.
    expect(await store.runs()).toHaveLength(1);
  });

  it('agrees within the tolerance, and what differs beyond it is named', async () => {
    const repeat = (made: Adapter) =>
      gpuServiceWith(store, trainer(made).jobs).repeatRun(
        { manifest: signed(), model: tinyModel, adapter: claimed },
        nothing
      );
    const near = await repeat(flatAdapter(1 + 2 ** -12));
    expect(near.adapter).toMatchObject({ verdict: 'agrees', difference: expect.closeTo(2 ** -12, 6) });
    const { adapter } = await repeat(flatAdapter(2));
    expect(adapter).toMatchObject({ verdict: 'differs', difference: expect.closeTo(1, 6) });
    expect(adapter.tensors[0]).toMatchObject({ name: expect.stringContaining('lora_A') as string });
  });

  it('cannot be compared without the claimed values', async () => {
    const service = gpuServiceWith(store, trainer(flatAdapter(2)).jobs);
    const without = await service.repeatRun({ manifest: signed(), model: tinyModel }, nothing);
    expect(without.adapter.verdict).toBe('unknown');
    expect(without.inputs[0]).toMatch(/is not in this browser/);
    const { id } = await saveAdapter(store, flatAdapter(3), { name: 'another' });
    const other = await service.repeatRun({ manifest: signed(), model: tinyModel, adapter: id }, nothing);
    expect(other.adapter.verdict).toBe('unknown');
    expect(other.inputs[0]).toMatch(/not the claimed one/);
  });

  it('goes as far as the run that was stopped', async () => {
    const { jobs } = trainer(flatAdapter(1), 9);
    const steps: number[] = [];
    await gpuServiceWith(store, jobs).repeatRun(
      { manifest: signed({ steps: 3 }), model: tinyModel },
      (event) => {
        if (event.phase === 'training') steps.push(event.done!);
      }
    );
    expect(steps).toEqual([1, 2, 3]);
  });

  it('goes on from its last state in memory where the GPU is lost, and has its moments once', async () => {
    const devices: FakeDevice[] = [];
    const resumed: (number | undefined)[] = [];
    const finetune: GpuJobs['finetune'] = async (job) => {
      resumed.push(job.resume?.step);
      const { finetune: rest } = trainer(flatAdapter(1)).jobs;
      // The first device is lost after a state that comes with its moment, and another moment.
      if (job.resume) return rest!(job);
      job.onEvent({ kind: 'moment', step: 1, values: Float32Array.of(1), learningRate: 0.5 });
      const state = { step: 1, adapter: flatAdapter(0), optimizer: {}, steps: [] };
      job.onEvent({ kind: 'checkpoint', state });
      job.onEvent({ kind: 'moment', step: 2, values: Float32Array.of(7), learningRate: 0.5 });
      return devices[0].lose();
    };
    const openDevice = async () => {
      devices.push(fakeDevice());
      return devices.at(-1)!.device;
    };
    const of = signed();
    const notices: string[] = [];
    const report = await gpuServiceWith(store, { ...measuring(sameFact), finetune, openDevice }).repeatRun(
      { manifest: of, receipt: receiptOf(of), model: tinyModel, adapter: claimed },
      ({ notice }) => notice !== undefined && notices.push(notice)
    );
    expect(resumed).toEqual([undefined, 1]);
    expect(notices).toEqual([expect.stringContaining('Going on from step 1 on a new device')]);
    expect(report).toMatchObject({ adapter: { verdict: 'equal' }, shares: { verdict: 'equal' }, inputs: [] });
  });

  it('is not begun from other inputs, and each is named', async () => {
    const { jobs, trained } = trainer(flatAdapter(1));
    const inputsOf = async (change: Partial<RunManifest>) => {
      const { adapter, inputs } = await gpuServiceWith(store, jobs).repeatRun(
        { manifest: signed(change), model: tinyModel, adapter: claimed },
        nothing
      );
      expect(adapter).toMatchObject({ verdict: 'unknown', sha256: { found: '' } });
      return inputs;
    };
    const [data] = manifest.datanets;
    expect(await inputsOf({ base: { name: 'Other', sha256: 'ff' } })).toEqual([
      expect.stringMatching(/not the base of the run, “Other”/)
    ]);
    expect(await inputsOf({ datanets: [{ ...data, version: 'absent' }] })).toEqual([
      '“tides”, version 1, is not in this browser. Open its file, then repeat the run.'
    ]);
    expect(await inputsOf({ data: { ...manifest.data, sha256: 'ff' } })).toEqual([
      expect.stringMatching(/^The rows are not those of the run/)
    ]);
    expect(await inputsOf({ datanets: [] })).toEqual([expect.stringMatching(/belong to no Datanet/)]);
    expect(await inputsOf({ startedFrom: 'ff' })).toEqual([expect.stringMatching(/went on from an adapter/)]);
    expect(await inputsOf({ config: { ...manifest.config, epochs: 5 } })).toEqual([
      expect.stringMatching(/SHA-256/)
    ]);
    const odd = { ...manifest.config, epochs: -1, spin: 2 };
    expect(
      await inputsOf({ config: odd, configSha256: bytesToHex(sha256(utf8ToBytes(canonicalJson(odd)))) })
    ).toEqual([expect.stringMatching(/does not know: spin/), expect.stringMatching(/epochs\) is -1/)]);
    await keepStatement(store, 'withdrawn', {
      ...{ kind: 'withdrawal', by: { id: 'Wen', name: 'Wen', agreement: '' }, created: '' },
      ...{ datanet: 'datanet-tides', contribution: 'one', reason: 'Mine' }
    });
    expect(await inputsOf({})).toEqual([expect.stringMatching(/“tides”, 1 row: The contributor has taken/)]);
    expect(trained).toEqual([]);
  });

  it('finds rows of no Datanet and the adapter it went on from by what they are', async () => {
    const set = await store.addRowSet({
      ...{ name: 'rows.jsonl', format: 'messages', formats: {}, problems: [], problemCount: 0 },
      rows
    });
    const start = await saveAdapter(store, flatAdapter(5), { name: 'start' });
    const { jobs, trained } = trainer(flatAdapter(1));
    const change = { datanets: [], data: { ...manifest.data, sha256: set.sha256 } };
    const startedFrom = await adapterSha256(store, start.id);
    await gpuServiceWith(store, jobs).repeatRun(
      { manifest: signed({ ...change, startedFrom }), model: tinyModel },
      nothing
    );
    expect(trained[0].rows).toEqual(rows);
    expect(trained[0].adapter).toEqual(flatAdapter(5));
  });

  it('says nothing of shares that were measured in another way', async () => {
    const of = signed();
    const { method } = receiptOf(of).statement;
    const problemOf = async (receipt: Signed<AttributionReceipt>) => {
      const { shares, inputs } = await gpuServiceWith(store, trainer(flatAdapter(1)).jobs).repeatRun(
        { manifest: of, receipt, model: tinyModel },
        nothing
      );
      expect(shares).toMatchObject({ verdict: 'unknown', contributors: [] });
      return inputs;
    };
    const changed = (change: Partial<typeof method>) => receiptOf(of, { method: { ...method, ...change } });
    expect(await problemOf(changed({ estimator: 'oracle' }))).toEqual([expect.stringMatching(/oracle/)]);
    expect(await problemOf(changed({ rules: 1 }))).toEqual([expect.stringMatching(/rules of shares/)]);
    expect(await problemOf(changed({ moments: [3] }))).toEqual([expect.stringMatching(/after steps 3/)]);
    expect(await problemOf(changed({ sketch: { width: 32, seed: sketchSeed } }))).toEqual([
      expect.stringMatching(/32 values/)
    ]);
    expect(await problemOf(changed({ questions: { count: 2, sha256: 'ff' } }))).toEqual([
      expect.stringMatching(/questions are not those/)
    ]);
    expect(await problemOf(receiptOf(of, { manifest: 'another' }))).toEqual([
      expect.stringMatching(/another manifest/)
    ]);
  });
});

describe('shares against claimed ones', () => {
  const share = (id: string, value: number) => ({ id, name: id, rows: 1, share: value, low: 0, high: 0 });
  const found = (id: string, value: number) => ({ contributor: id, name: id, share: value });

  it('are equal to the millionth, agree, or differ by those who are named first', () => {
    const claim = { shares: [share('ann', 333_333), share('bob', 666_667)] };
    expect(compareShares(claim, [found('ann', 1 / 3), found('bob', 2 / 3)]).verdict).toBe('equal');
    expect(compareShares(claim, [found('ann', 0.34), found('bob', 0.66)]).verdict).toBe('agrees');
    const { verdict, contributors } = compareShares(claim, [found('ann', 0.3), found('eve', 0.7)]);
    expect(verdict).toBe('differs');
    expect(contributors.map(({ id, claimed, found }) => [id, claimed, found])).toEqual([
      ['eve', 0, 0.7],
      ['bob', 0.666667, 0],
      ['ann', 0.333333, 0.3]
    ]);
  });
});
