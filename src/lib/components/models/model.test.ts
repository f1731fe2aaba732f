import { describe, expect, it } from 'vitest';
import { deferred, fakeClient, memoryStorage } from '../testing';
import { TabtuneError } from '$lib/errors';
import type { DataWorker, HubModelChoice, ModelChoice, ModelSummary } from '$lib/workers/protocol';
import { ModelState } from './model.svelte';
import { StoppedError } from '$lib/errors';

const summary = (name: string) => ({ name }) as ModelSummary;
const nameOf = (choice: ModelChoice) => (choice.kind === 'hub' ? choice.id : choice.kind);

function modelWith(methods: Partial<DataWorker>, storage = memoryStorage()): ModelState {
  const defaults: Partial<DataWorker> = {
    openModel: async (choice) => summary(nameOf(choice)),
    cachedModels: async () => [],
    download: async () => undefined
  };
  return new ModelState(fakeClient<DataWorker>({ ...defaults, ...methods }), storage, '/starter/model/');
}

describe('the choice of a model', () => {
  it('is the last one made, whichever opens first', async () => {
    const slow = deferred<ModelSummary>();
    const model = modelWith({
      openModel: (choice) =>
        choice.kind === 'starter' ? slow.promise : Promise.resolve(summary(nameOf(choice)))
    });
    const first = model.chooseStarter();
    await model.chooseHub({ id: 'owner/second' });
    slow.resolve(summary('starter'));
    await first;
    expect(model.summary?.name).toBe('owner/second');
    expect(model.choice).toEqual({ kind: 'hub', id: 'owner/second' });
    expect(model.busy).toBe(false);
  });

  it('comes back after a reload: from the site, from the cache, or by asking for the files again', async () => {
    const storage = memoryStorage();
    await modelWith({}, storage).chooseStarter();
    const starter = modelWith({}, storage);
    await starter.restore();
    expect(starter.summary?.name).toBe('starter');

    await modelWith({}, storage).chooseHub({ id: 'owner/cached' });
    const absent = modelWith({}, storage);
    await absent.restore();
    expect(absent).toMatchObject({ source: 'hub', hubId: 'owner/cached', summary: undefined });
    const cached = modelWith(
      { cachedModels: async () => [{ id: 'owner/cached', bytes: 1, complete: true }] },
      storage
    );
    await cached.restore();
    expect(cached.summary?.name).toBe('owner/cached');

    await modelWith({}, storage).chooseFiles([new File([''], 'model.gguf')]);
    const files = modelWith({}, storage);
    await files.restore();
    expect(files).toMatchObject({ source: 'files', lostFiles: 'model.gguf', summary: undefined });
  });

  it('shows a download and says why it failed, but not that it was cancelled', async () => {
    const model = modelWith({
      download: async (_, __, onEvent) => {
        onEvent({ phase: 'downloading', file: 'model.safetensors', done: 5, total: 10 });
        expect(model.download).toMatchObject({ done: 5, total: 10 });
        throw new Error('gated');
      }
    });
    await model.chooseHub({ id: 'owner/gated' });
    expect((model.error as Error).message).toBe('gated');
    expect(model.download).toBeUndefined();

    const cancelled = modelWith({
      download: () => Promise.reject(new StoppedError())
    });
    await cancelled.chooseHub({ id: 'owner/large' });
    expect(cancelled.error).toBeUndefined();
    expect(cancelled.summary).toBeUndefined();
  });

  it('offers the GGUF files of a model that has several, and remembers file and revision', async () => {
    const storage = memoryStorage();
    const asked: HubModelChoice[] = [];
    const files = [
      { path: 'a-q4.gguf', size: 10 },
      { path: 'a-q8.gguf', size: 20 }
    ];
    const methods: Partial<DataWorker> = {
      download: async (choice) => {
        asked.push(choice);
        if (choice.file !== undefined) return;
        const error = new TabtuneError('several', { details: { files } });
        error.name = 'HubFileChoiceError';
        throw error;
      },
      cachedModels: async () => [{ id: 'owner/ggufs', revision: 'v2', bytes: 1, complete: true }]
    };
    const model = modelWith(methods, storage);
    await model.chooseHub({ id: 'owner/ggufs', revision: ' v2 ' });
    expect(model.hubFiles).toEqual(files);
    await model.chooseHub({ id: 'owner/ggufs', revision: 'v2', file: 'a-q8.gguf' });
    const chosen = { id: 'owner/ggufs', revision: 'v2', file: 'a-q8.gguf' };
    expect(asked).toEqual([{ id: 'owner/ggufs', revision: 'v2' }, chosen]);
    expect([model.choice, model.hubFiles]).toEqual([{ kind: 'hub', ...chosen }, []]);
    const again = modelWith(methods, storage);
    await again.restore();
    expect(again.choice).toEqual({ kind: 'hub', ...chosen });
  });

  it('forgets a model whose files are cleared', async () => {
    const model = modelWith({ deleteCachedModel: async () => undefined });
    await model.chooseHub({ id: 'owner/name' });
    await model.deleteCached('owner/name');
    expect(model.choice).toBeUndefined();
  });
});
