import { describe, expect, it } from 'vitest';
import { deferred, fakeClient } from '$lib/components/testing';
import type { DatanetDetail, DatanetEvent, DatanetWorker } from '$lib/workers/datanets/protocol';
import { DatanetPage } from './page.svelte';
import { StoppedError } from '$lib/errors';

const person = { id: 'did:key:z1', name: 'Ada', agreement: 'did:key:z2' };

function detail(change: Partial<DatanetDetail> = {}): DatanetDetail {
  return { id: 'a', role: 'owner', rows: 3, updated: 1, ...change } as DatanetDetail;
}

function pageOf(methods: Partial<DatanetWorker>): DatanetPage {
  return new DatanetPage(fakeClient<DatanetWorker>({ person: async () => person, ...methods }), 'a');
}

const head = { root: '0x1' } as DatanetDetail['head'];

describe('a Datanet on its page', () => {
  it('shows the draft to those who write, and to readers the version, where they can read it', async () => {
    const shown = async (change: Partial<DatanetDetail>) => {
      const page = pageOf({ detail: async () => detail(change) });
      await page.reload();
      return [page.rows, page.editable];
    };
    expect(await shown({})).toEqual([{ of: 'draft', id: 'a' }, true]);
    expect(await shown({ role: 'contributor' })).toEqual([{ of: 'draft', id: 'a' }, true]);
    expect(await shown({ role: 'reader', head })).toEqual([{ of: 'version', root: '0x1' }, false]);
    expect(await shown({ role: 'reader', head, access: { readable: false } })).toEqual([undefined, false]);
  });

  it('is read anew only where another tab changed it', async () => {
    let updated = 1;
    const page = pageOf({ detail: async () => detail({ updated }) });
    await page.reload();
    await page.lookAgain();
    expect(page.revision).toBe(1);
    updated = 2;
    await page.lookAgain();
    expect(page.revision).toBe(2);
  });

  it('shows what failed, keeps what was there, and says nothing of what was cancelled', async () => {
    const page = pageOf({
      removeRows: async () => {
        throw new Error('storage is full');
      },
      cancel: async () => undefined
    });
    expect(await page.attempt((datanets) => datanets.removeRows('a', [1]))).toBeUndefined();
    expect(page.error).toMatchObject({ message: 'storage is full' });
    const cancelled = await page.run('Importing', async () => {
      throw new StoppedError();
    });
    expect([cancelled, page.error, page.busy]).toEqual([undefined, undefined, false]);
  });

  it('does one long thing at a time, and says how far it is', async () => {
    const end = deferred<number>();
    let tell: (event: DatanetEvent) => void = () => undefined;
    const page = pageOf({});
    const first = page.run('Checking', async (_, onEvent) => {
      tell = onEvent;
      return end.promise;
    });
    tell({ phase: 'checking', done: 1, total: 4 });
    expect(page.work).toEqual({ label: 'Checking', event: { phase: 'checking', done: 1, total: 4 } });
    expect(await page.run('Splitting', async () => 2)).toBeUndefined();
    end.resolve(1);
    expect(await first).toBe(1);
    // A word of progress that comes late changes nothing.
    tell({ phase: 'checking', done: 4, total: 4 });
    expect(page.work).toBeUndefined();
  });
});
