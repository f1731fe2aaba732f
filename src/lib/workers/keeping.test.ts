/** What is stored first, whatever it is, leads to one question to the browser, asked by the page. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { askToKeep, tellStored } from './keeping';

afterEach(() => vi.unstubAllGlobals());

/** A worker and a page, and how often the browser was asked. */
function setUp(persisted: boolean) {
  const worker = new EventTarget();
  vi.stubGlobal('postMessage', (data: unknown) =>
    worker.dispatchEvent(new MessageEvent('message', { data }))
  );
  const storage = { persisted: async () => persisted, persist: vi.fn(async () => true) };
  askToKeep(worker as unknown as Worker, storage as unknown as StorageManager);
  const store = { onwrite: () => undefined as void };
  const files = { onwrite: undefined as (() => void) | undefined };
  return { worker, storage, store, files };
}

describe('what a worker stores', () => {
  it('is asked to be kept once, when the first of it is written', async () => {
    const { storage, store, files } = setUp(false);
    tellStored(Promise.resolve(store), files);
    await Promise.resolve();
    expect(storage.persist).not.toHaveBeenCalled();
    store.onwrite();
    files.onwrite?.();
    store.onwrite();
    await vi.waitFor(() => expect(storage.persist).toHaveBeenCalledTimes(1));
  });

  it('is asked for files as well, also where the store cannot be opened', async () => {
    const { storage, files } = setUp(false);
    tellStored(Promise.reject(new Error('blocked')), files);
    files.onwrite?.();
    await vi.waitFor(() => expect(storage.persist).toHaveBeenCalledTimes(1));
  });

  it('is not asked again for what the browser keeps already, nor for other messages', async () => {
    const { worker, storage, store, files } = setUp(true);
    tellStored(Promise.resolve(store), files);
    await Promise.resolve();
    worker.dispatchEvent(new MessageEvent('message', { data: { id: 'an answer' } }));
    store.onwrite();
    await new Promise((resolve) => setTimeout(resolve));
    expect(storage.persist).not.toHaveBeenCalled();
  });

  it('does without where a browser has no such question', async () => {
    const worker = new EventTarget();
    askToKeep(worker as unknown as Worker, undefined);
    vi.stubGlobal('postMessage', (data: unknown) =>
      worker.dispatchEvent(new MessageEvent('message', { data }))
    );
    const files = { onwrite: undefined as (() => void) | undefined };
    tellStored(Promise.resolve({ onwrite: () => undefined }), files);
    expect(() => files.onwrite?.()).not.toThrow();
  });
});
