/** A worker for tests of the page's states: the calls go to an object of this thread. */
import type { Remote } from 'comlink';
import type { WorkerClient } from '$lib/workers/client';

/** A client whose worker is `methods`; a method that is not there rejects, as a missing one would. */
export function fakeClient<T>(methods: Partial<T>): WorkerClient<T> {
  return {
    call: async (call: (remote: Remote<T>) => Promise<unknown>) => call(methods as Remote<T>),
    end: () => undefined
  } as unknown as WorkerClient<T>;
}

/** A promise that the test settles. */
export function deferred<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** `localStorage`, in memory. */
export function memoryStorage(): Storage {
  const entries = new Map<string, string>();
  return {
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value)
  } as Storage;
}
