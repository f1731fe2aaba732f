import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeClient } from '$lib/components/testing';
import type { DatanetFacts } from '$lib/datanets/datanet';
import type { DatanetSummary, DatanetWorker, Received } from '$lib/workers/datanets/protocol';
import { DatanetList, newFacts, StarterMissingError, waitingWords } from './list.svelte';

afterEach(() => vi.unstubAllGlobals());

const summary = (id: string, updated: number) => ({ id, updated }) as DatanetSummary;

describe('the Datanets of a browser', () => {
  it('are listed with the last changed first', async () => {
    const datanets = new DatanetList(
      fakeClient<DatanetWorker>({
        list: async () => [summary('old', 1), summary('new', 2)],
        person: async () => ({ id: 'did:key:z', name: 'Ada', agreement: '' })
      })
    );
    expect(datanets.ready).toBe(false);
    await datanets.refresh();
    expect(datanets.list.map(({ id }) => id)).toEqual(['new', 'old']);
    expect([datanets.ready, datanets.person?.name]).toEqual([true, 'Ada']);
  });

  it('are made with a name alone, in the language of the browser', async () => {
    const made: DatanetFacts[] = [];
    const datanets = new DatanetList(
      fakeClient<DatanetWorker>({
        create: async (facts) => {
          made.push(facts);
          return summary('a', 1);
        }
      })
    );
    expect(await datanets.create(' Harbour rules ', 'pt-BR')).toBe('a');
    expect(made[0]).toMatchObject({ name: 'Harbour rules', language: 'pt', licence: { spdx: '' } });
    expect(newFacts('x', 'en-GB').language).toBe('en');
  });

  it('take in the starter’s, and say so where the site has none', async () => {
    const opened: string[] = [];
    const datanets = new DatanetList(
      fakeClient<DatanetWorker>({
        open: async (source) => {
          opened.push(source instanceof File ? source.name : source);
          return { received: 'r' } as Received;
        },
        keep: async () => 'pelhaven'
      })
    );
    vi.stubGlobal('fetch', async () => new Response('bundle'));
    expect(await datanets.openStarter('./starter/datanet/pelhaven.datanet')).toBe('pelhaven');
    expect(opened).toEqual(['pelhaven.datanet']);
    vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
    expect(await datanets.openStarter('./starter/datanet/pelhaven.datanet')).toBeUndefined();
    expect(datanets.error).toBeInstanceOf(StarterMissingError);
    expect(datanets.busy).toBe(false);
  });

  it('say what waits for their owner', () => {
    expect(waitingWords({ waiting: { proposals: 2, requests: 1 } })).toBe('2 proposals, 1 request');
    expect(waitingWords({ waiting: { proposals: 0, requests: 0 } })).toBe('');
  });
});
