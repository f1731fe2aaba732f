/** What a run comes to where its tab is killed, where other tabs take away what it needs, and where not all is the same. */
import 'fake-indexeddb/auto';
import { forceCloseDatabase, IDBDatabase, IDBFactory } from 'fake-indexeddb';
import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Store, DATABASE_NAME } from '../datanets/store/store';
import { countedStores } from '../datanets/store/usage';
import { MIGRATIONS } from '../datanets/store/migrations';
import { MemoryFileCache } from '../formats/file-cache';
import { tinyModel } from './attribution/testing';
import { DataService } from './data-service';
import { DatanetService } from './datanets/service';
import { HubLibrary } from './hub-library';
import type { FinetuneRequest, ModelChoice, RunEvent, RunSummary } from './protocol';
import { factsOf } from './run-facts';
import { runsMade, usesOf } from './run-uses';
import { loadAdapter } from './stored-adapter';
import { gpuServiceWith } from './testing-gpu';
import { lockManager } from './testing-locks';
import { killBeforeWrite, scriptedTrainer, type TrainerOptions } from './testing-trainer';
import { keepVersion, openPolicy } from './testing-versions';

/** A browser: what all its tabs share. */
let locks: LockManager;
let store: Store;
let data: DataService;
let request: FinetuneRequest;

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  locks = lockManager();
  await openTab();
  const set = await data.importRows(
    { kind: 'text', text: '{"text":"one"}\n{"text":"two"}' },
    () => undefined
  );
  request = {
    ...{ model: tinyModel, modelName: tinyModel.name, options: { rank: 1 } },
    data: { kind: 'rows', rowSet: set.id }
  };
});
afterEach(() => {
  store.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function openTab(): Promise<void> {
  store = await Store.open();
  data = new DataService(Promise.resolve(store), new HubLibrary(new MemoryFileCache()), locks);
}

async function train(
  options: TrainerOptions = {},
  change: Partial<FinetuneRequest> = {},
  onEvent: (event: RunEvent) => void = () => undefined
): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  const service = gpuServiceWith(store, { finetune: scriptedTrainer(options) }, locks);
  await service.finetune({ ...request, ...change }, (event) => {
    events.push(event);
    onEvent(event);
  });
  return events;
}

const cutAfter = (step: number): TrainerOptions => ({
  onStep: (at) => (at === step ? Promise.reject(new Error('cut')) : undefined)
});

/** A run that ended before its time; `step`: that it came to. */
async function cutRun(step: number, change: Partial<FinetuneRequest> = {}): Promise<RunSummary> {
  await expect(train(cutAfter(step), change)).rejects.toThrow('cut');
  const [cut] = await data.runs();
  return cut;
}

const warnings = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.phase === 'warned' ? event.message : []));

/** All that a run leaves, bit by bit. */
async function outcome() {
  const [summary, ...others] = await data.runs();
  expect(others).toEqual([]);
  const { steps, heldOut } = (await store.run(summary.id)).run;
  const moments = await store.attribution.moments(summary.id);
  const { status, firstLoss, lastLoss, step, resumable } = summary;
  return {
    ...{ status, firstLoss, lastLoss, step, resumable, steps, heldOut },
    adapters: (await store.adapters()).length,
    adapter: await loadAdapter(store, summary.adapter!),
    moments: moments.map(({ run: _, values, ...moment }) => ({
      ...moment,
      values: [...new Float32Array(values)]
    }))
  };
}

describe('a run whose tab is killed', () => {
  /** Goes on as the page does: with what was saved, or from the beginning. */
  async function goOn(): Promise<void> {
    const [left] = await data.runs();
    if (left?.status === 'done') return;
    if (left && !left.resumable) await data.deleteRun(left.id);
    await train({}, left?.resumable ? { resume: left.id } : {});
  }

  async function killedAt(n: number): Promise<boolean> {
    const tab = killBeforeWrite(n);
    await goOn().catch(() => undefined);
    store.close();
    tab.revive();
    await openTab();
    return tab.killed();
  }

  async function forget(): Promise<void> {
    for (const { id } of await data.runs()) await data.deleteRun(id);
    for (const { id } of await data.adapters()) await data.deleteAdapter(id);
  }

  it('between any two writes comes to the same bits, its moments too', async () => {
    await train();
    const whole = await outcome();
    expect(whole).toMatchObject({ status: 'done', step: 8, adapters: 1, resumable: false });
    expect(whole.moments.map(({ step }) => step)).toEqual([2, 4, 6]);
    expect(whole.heldOut).toMatchObject({ before: 5, after: expect.any(Number) as number });
    let kills = 0;
    for (let first = 1; ; first++) {
      await forget();
      if (!(await killedAt(first))) break;
      kills += 1;
      await goOn();
      expect(await outcome(), `killed before write ${first}`).toEqual(whole);
      // And once more as it goes on.
      for (const second of [1, 2, 3]) {
        await forget();
        await killedAt(first);
        await killedAt(second);
        await goOn();
        expect(await outcome(), `killed before writes ${first} and ${second}`).toEqual(whole);
      }
    }
    // The record, the states, the end.
    expect(kills).toBeGreaterThanOrEqual(4);
  });

  it('after every step, whatever is between moments and states, comes to the same bits', async () => {
    for (const [checkpointEvery, moments] of [
      [3, 3],
      [1, 2],
      [5, 3],
      [2, 7]
    ]) {
      await forget();
      await train({ checkpointEvery, moments });
      const whole = await outcome();
      for (let step = 1; step <= 8; step++) {
        await forget();
        await expect(train({ checkpointEvery, moments, ...cutAfter(step) })).rejects.toThrow('cut');
        const [left] = await data.runs();
        if (!left.resumable) await data.deleteRun(left.id);
        await train({ checkpointEvery, moments }, left.resumable ? { resume: left.id } : {});
        expect(await outcome(), `cut after step ${step}`).toEqual(whole);
      }
    }
  });
});

describe('a run that goes on', () => {
  it('shows what it had come to: the first loss, all steps, and what was measured before', async () => {
    const whole = await train();
    const losses = whole.flatMap((event) => (event.phase === 'training' ? event.metrics.loss : []));
    const { id } = await cutRun(5);
    const events = await train({}, { resume: id });
    const resumed = events.find((event) => event.phase === 'resumed');
    expect(resumed).toMatchObject({ heldOut: { before: 5 }, steps: [{ step: 1 }, {}, {}, { step: 4 }] });
    const after = events.flatMap((event) => (event.phase === 'training' ? event.metrics : []));
    const shown = [...(resumed?.phase === 'resumed' ? resumed.steps : []), ...after];
    expect(shown.map(({ loss }) => loss)).toEqual(losses);
    expect(shown.map(({ tokensPerSecond }) => tokensPerSecond)).toEqual(shown.map(() => 500));
  });

  it('and is stopped at once is as far as its state, not as far as it had been', async () => {
    const { id } = await cutRun(5);
    const service = gpuServiceWith(store, { finetune: scriptedTrainer() }, locks);
    await service.finetune({ ...request, resume: id }, (event) => {
      if (event.phase === 'resumed') void service.stop();
    });
    const [run] = await data.runs();
    expect(run).toMatchObject({ status: 'stopped', step: 4 });
    const { steps } = (await store.run(id)).run as { steps: { loss: number }[] };
    expect(run.lastLoss).toBe(steps[3].loss);
  });

  it('was saved as it was paused', async () => {
    const service = gpuServiceWith(store, { finetune: scriptedTrainer({ checkpointEvery: 100 }) }, locks);
    let saved!: () => void;
    const saving = new Promise<void>((resolve) => (saved = resolve));
    const over = service.finetune(request, (event) => {
      if (event.phase === 'training' && event.metrics.step === 3) void service.pause();
      if (event.phase === 'saved') saved();
    });
    await saving;
    const [run] = await data.runs();
    expect(run).toMatchObject({ step: 3, resumable: true, live: true });
    // Its moments with it.
    expect((await store.attribution.moments(run.id)).map(({ step }) => step)).toEqual([2]);
    await service.stop();
    await over;
  });

  it('needs the adapter no more that it started from', async () => {
    await train();
    const [{ id: first }] = await data.adapters();
    const { id } = await cutRun(5, { adapter: first });
    await data.deleteAdapter(first);
    await train({}, { adapter: first, resume: id });
    expect((await data.runs())[0]).toMatchObject({ id, status: 'done' });
  });

  it('does so only on the same base, whatever its files are called', async () => {
    const { id } = await cutRun(5);
    const weights = tinyModel.files.find(({ name }) => name === 'model.safetensors')!;
    const bytes = new Uint8Array(await weights.arrayBuffer());
    bytes[bytes.length - 1] ^= 1;
    const other: ModelChoice = {
      ...tinyModel,
      files: tinyModel.files.map((file) => (file === weights ? new File([bytes], file.name) : file))
    };
    await expect(train({}, { resume: id, model: other })).rejects.toMatchObject({
      name: 'AnotherBaseError',
      message:
        '“llama-tied” is not the base that this run was made on: its files have another SHA-256. Choose the model that it was trained with.'
    });
    // Nothing was lost by trying.
    expect((await data.runs())[0]).toMatchObject({ status: 'failed', resumable: true, step: 4 });
    await train({}, { resume: id });
  });

  it('does so only with the rows and the options that it began with', async () => {
    const { id } = await cutRun(5);
    const others = await data.importRows({ kind: 'text', text: '{"text":"three"}' }, () => undefined);
    const otherRows = { kind: 'rows' as const, rowSet: others.id };
    await expect(train({}, { resume: id, data: otherRows })).rejects.toMatchObject({
      name: 'DataChangedError'
    });
    await expect(train({}, { resume: id, options: { rank: 1, learningRate: 0.5 } })).rejects.toThrow(
      /learningRate was 0\.002 and is 0\.5\. Set them back/
    );
  });

  it('is told where an older page noted nothing to hold it against', async () => {
    const { id } = await cutRun(5);
    const record = await store.run(id);
    const { sources: _, ...page } = factsOf(record)!;
    await store.updateRun(id, { run: { ...record.run, page } });
    const events = await train({}, { resume: id });
    expect(warnings(events)).toEqual([
      expect.stringMatching(/older Tabtune, .*“llama-tied” is the same could/)
    ]);
  });

  it('is one that is not over', async () => {
    await train();
    const [{ id }] = await data.runs();
    await expect(train({}, { resume: id })).rejects.toMatchObject({ name: 'NothingSavedError' });
    expect((await data.runs())[0]).toMatchObject({ status: 'done' });
  });
});

describe('what a run needs', () => {
  it('cannot be deleted in another tab while it goes on, nor the run, and can afterwards', async () => {
    await train();
    const [{ id: start }] = await data.adapters();
    const rows = request.data.kind === 'rows' ? request.data.rowSet : '';
    const other = new DataService(
      Promise.resolve(await Store.open()),
      new HubLibrary(new MemoryFileCache()),
      locks
    );
    const attempts = (run: string) => [
      () => other.deleteRun(run),
      () => other.keepInterrupted(run),
      () => other.deleteAdapter(start),
      () => other.deleteRowSet(rows)
    ];
    let seen: RunSummary | undefined;
    await train(
      {
        onStep: async (step) => {
          if (step !== 5) return;
          [seen] = await other.runs();
          for (const attempt of attempts(seen.id)) {
            await expect(attempt()).rejects.toMatchObject({
              name: 'InUseError',
              message: expect.stringMatching(
                /in use: a run goes on that needs it, .* then try again/
              ) as string
            });
          }
        }
      },
      { adapter: start }
    );
    expect(seen).toMatchObject({ status: 'running', live: true });
    const [run] = await other.runs();
    expect(run).toMatchObject({ id: seen!.id, status: 'done', live: false });
    await other.deleteRun(run.id);
    await other.deleteAdapter(start);
    await other.deleteRowSet(rows);
  });

  it('may be a Datanet, which stays as long', async () => {
    const { root, datanet } = await keepVersion(store, 'tides', [{ text: 'a', contributor: 'Ines' }]);
    const other = new DatanetService(Promise.resolve(store), locks);
    const versions = [{ datanet, root, weight: 1 }];
    let refused: Promise<void> | undefined;
    const onStep = (step: number) => {
      if (step !== 5) return;
      refused = other.remove(datanet);
      refused.catch(() => undefined);
    };
    await train({ onStep }, { data: { kind: 'datanets', versions } });
    await expect(refused).rejects.toThrow(/^This Datanet is in use: a run goes on that needs it/);
    await other.remove(datanet);
    expect(await store.datanets.list()).toEqual([]);
  });

  it('is free again when its run was cut off', async () => {
    const { id } = await cutRun(5);
    expect((await data.runs())[0]).toMatchObject({ live: false });
    await data.keepInterrupted(id);
    expect((await data.runs())[0]).toMatchObject({ status: 'stopped', step: 4 });
  });
});

describe('an adapter is saved', () => {
  it('where the record of its run is gone, and so is told', async () => {
    const other = await Store.open();
    const forget = async () => {
      for (const { id } of await other.runs()) await other.deleteRun(id);
    };
    for (const at of [3, 8]) {
      const events = await train({ onStep: (step) => (step === at ? forget() : undefined) });
      expect(warnings(events)).toEqual([expect.stringMatching(/deleted while it went on.*written anew/)]);
      const [run] = await data.runs();
      expect(run).toMatchObject({ status: 'done', step: 8 });
      expect(await loadAdapter(store, run.adapter!)).toMatchObject({ config: { rank: 1 } });
    }
    other.close();
  });

  it('before a newer page gets the database, and so is told', async () => {
    let opening!: Promise<void>;
    const events = await train({
      onStep: async (step) => {
        if (step !== 3) return;
        opening = openDB(DATABASE_NAME, MIGRATIONS.length + 1).then((newer) => newer.close());
        await vi.waitFor(() => expect(store.outdated).toBe(true));
      }
    });
    await opening;
    expect(events.at(-1)).toMatchObject({ phase: 'done' });
    expect(warnings(events)).toEqual([
      expect.stringMatching(/newer Tabtune .* The adapter is saved: reload/)
    ]);
    await expect(data.runs()).rejects.toThrow(/newer Tabtune was opened in another tab/);
    const newer = await openDB(DATABASE_NAME);
    const [[run], adapters] = [await newer.getAll('runs'), await newer.getAll('adapters')];
    expect(run).toMatchObject({ status: 'done', adapter: (adapters[0] as { id: string }).id });
    newer.close();
  });

  it('where all that the site keeps is cleared meanwhile', async () => {
    const begin = vi.spyOn(IDBDatabase.prototype, 'transaction');
    const events = await train({
      onStep: async (step) => {
        if (step !== 5) return;
        await data.runs();
        forceCloseDatabase(begin.mock.contexts.at(-1) as never);
        await deleteDB(DATABASE_NAME);
      }
    });
    expect(warnings(events)).toEqual([expect.stringMatching(/with all that this site keeps/)]);
    const { status, adapter, moments } = await outcome();
    expect([status, adapter.tensors.size]).toEqual(['done', 2]);
    // Those of before went with all else.
    expect(moments.map(({ step }) => step)).toEqual([6]);
  });
});

describe('what a run took', () => {
  it('is free after train, chat and delete: nothing is left in any store', async () => {
    await train();
    const { id } = await cutRun(5);
    await data.keepInterrupted(id);
    const service = gpuServiceWith(
      store,
      {
        openChat: async () => ({
          reply: async function* () {
            yield { text: 'one', tokens: 1, prefillTokensPerSecond: 1, decodeTokensPerSecond: 1 };
          } as never,
          destroy: async () => undefined
        })
      },
      locks
    );
    for (const { id: adapter } of await data.adapters()) {
      await service.openChat({ ...request, adapter, quant: 'nf4' }, () => undefined);
    }
    for (const { id: adapter } of await data.adapters()) await data.deleteAdapter(adapter);
    const held = await counts();
    // Only what was brought, and that there were runs.
    expect(held).toEqual({ rowSets: 1, rowChunks: 1, runs: 2 });
    for (const run of await data.runs()) await data.deleteRun(run.id);
    for (const set of await data.rowSets()) await data.deleteRowSet(set.id);
    expect(await counts()).toEqual({});
  });

  it('is counted for it, and what else is kept for what it goes with', async () => {
    await train();
    const { id } = await cutRun(5);
    const { datanet } = await keepVersion(store, 'tides', [{ text: 'a', contributor: 'Ines' }]);
    const before = await store.usage();
    expect(new Set(before.map(({ kind }) => kind))).toEqual(
      new Set(['set of rows', 'adapter', 'run', 'Datanet'])
    );
    expect(before.find((use) => use.id === datanet)).toMatchObject({ kind: 'Datanet', name: 'tides' });
    const state = await store.checkpoint(id);
    const bytes = Object.values(state!.adapter).reduce((sum, { data }) => sum + data.byteLength, 0);
    const run = before.find((use) => use.id === id)!;
    expect(run.bytes).toBeGreaterThan(bytes);
    await data.deleteRun(id);
    expect(await store.usage()).toEqual(before.filter((use) => use !== run));
    const listed = await data.storage();
    expect(listed.map((use) => use.bytes)).toEqual(listed.map((use) => use.bytes).sort((a, b) => b - a));
  });

  it('has each store of the database counted for something, or named as all else', async () => {
    const db = await openDB(DATABASE_NAME);
    const others = ['settings', 'statements', 'identity', 'imports', 'anchors', 'payouts'];
    // A store that is added has to be told what it goes with.
    expect([...db.objectStoreNames].sort()).toEqual([...countedStores, ...others].sort());
    db.close();
  });

  async function counts(): Promise<Record<string, number>> {
    const db = await openDB(DATABASE_NAME);
    const names = [...db.objectStoreNames];
    const all = await Promise.all(names.map(async (name) => [name, await db.count(name)] as const));
    db.close();
    return Object.fromEntries(all.filter(([, count]) => count > 0));
  }
});

describe('where a rule allows one run', () => {
  const onTides = async (): Promise<Partial<FinetuneRequest>> => {
    const policy = { ...openPolicy, training: { rule: 'conditions' as const, runs: 1 } };
    const { root, datanet } = await keepVersion(store, 'tides', [{ text: 'a', contributor: 'Ines' }], {
      policy
    });
    return { data: { kind: 'datanets', versions: [{ datanet, root, weight: 1 }] } };
  };
  const counted = async () =>
    (await runsMade(store, { datanet: 'datanet-tides', rows: { root: 'root tides' } as never }, undefined))
      .version;

  it('one that was cut off before its first saved step was none, deleted or not', async () => {
    const tides = await onTides();
    const first = await cutRun(1, tides);
    expect([await counted(), first.resumable]).toEqual([0, false]);
    const second = await cutRun(1, tides);
    await data.deleteRun(second.id);
    // It can be begun again itself, and then is the one.
    await train({}, { ...tides, resume: first.id });
    expect(await counted()).toBe(1);
    expect(await usesOf(store, 'datanet-tides')).toHaveLength(1);
    await expect(train({}, tides)).rejects.toThrow(/used up/);
  });

  it('one with a saved state was one, whatever became of it', async () => {
    const tides = await onTides();
    const cut = await cutRun(3, tides);
    expect(await counted()).toBe(1);
    await expect(train({}, tides)).rejects.toThrow(/used up/);
    // To go on is not to begin again.
    await train({}, { ...tides, resume: cut.id });
    for (const { id } of await data.adapters()) await data.deleteAdapter(id);
    expect(await counted()).toBe(1);
    await data.deleteRun(cut.id);
    expect(await counted()).toBe(1);
    await expect(train({}, tides)).rejects.toThrow(/used up/);
  });

  it('one that was stopped before its first saved step left an adapter, and was one', async () => {
    const tides = await onTides();
    const service = gpuServiceWith(store, { finetune: scriptedTrainer({ checkpointEvery: 100 }) }, locks);
    await service.finetune({ ...request, ...tides }, (event) => {
      if (event.phase === 'training') void service.stop();
    });
    expect((await data.runs())[0]).toMatchObject({ status: 'stopped', step: 1 });
    expect(await counted()).toBe(1);
  });
});
