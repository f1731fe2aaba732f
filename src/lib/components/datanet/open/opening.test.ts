import { describe, expect, it } from 'vitest';
import { deferred, fakeClient } from '$lib/components/testing';
import type { DatanetWorker, Received } from '$lib/workers/datanets/protocol';
import { fragmentOf, Opening } from './opening.svelte';

const received = (name: string): Received => ({
  received: name,
  kind: 'invitation',
  words: ['Somebody asks for rows.'],
  by: { id: 'did:key:zA', name: 'Ada', agreement: 'did:key:zB' },
  effect: 'Adds a Datanet.'
});

describe('opening what somebody gave', () => {
  it('keeps nothing before the person says so', async () => {
    const kept: string[] = [];
    const opening = new Opening(
      fakeClient<DatanetWorker>({
        open: async () => received('one'),
        keep: async (id) => (kept.push(id), 'local')
      })
    );
    await opening.look('#open=abc');
    expect(opening).toMatchObject({ stage: 'found', received: { received: 'one' } });
    expect(kept).toEqual([]);
    expect(await opening.keep()).toEqual({ id: 'local', kind: 'invitation' });
    expect(kept).toEqual(['one']);
    expect(opening).toMatchObject({ stage: 'idle', received: undefined });
  });

  it('says why a file is refused', async () => {
    const refusal = new Error('The signature does not hold.');
    const opening = new Opening(fakeClient<DatanetWorker>({ open: () => Promise.reject(refusal) }));
    await opening.look('#open=abc');
    expect(opening).toMatchObject({ stage: 'idle', error: refusal, received: undefined });
    expect(await opening.keep()).toBeUndefined();
  });

  it('shows what was opened last, also where an earlier file is read later', async () => {
    const [first, second] = [deferred<Received>(), deferred<Received>()];
    const answers = [first, second];
    const opening = new Opening(fakeClient<DatanetWorker>({ open: () => answers.shift()!.promise }));
    const both = [opening.look('a'), opening.look('b')];
    second.resolve(received('second'));
    first.resolve(received('first'));
    await Promise.all(both);
    expect(opening.received?.received).toBe('second');
  });

  it('drops what is discarded while it is looked at, and ends the work', async () => {
    const answer = deferred<Received>();
    let cancelled = 0;
    const opening = new Opening(
      fakeClient<DatanetWorker>({
        open: () => answer.promise,
        cancel: async () => void (cancelled += 1)
      })
    );
    const over = opening.look('a');
    opening.discard();
    answer.resolve(received('late'));
    await over;
    expect(opening).toMatchObject({ stage: 'idle', received: undefined });
    expect(cancelled).toBe(1);
  });

  it('still has what could not be kept, to try again', async () => {
    const full = new Error('The disk is full.');
    const opening = new Opening(
      fakeClient<DatanetWorker>({ open: async () => received('one'), keep: () => Promise.reject(full) })
    );
    await opening.look('a');
    expect(await opening.keep()).toBeUndefined();
    expect(opening).toMatchObject({ stage: 'found', error: full });
  });

  it('finds the statement in a link, whatever stands around it', () => {
    expect(fragmentOf('see https://example.org/datanets#open=AbC-_9 !')).toBe('#open=AbC-_9');
    expect(fragmentOf('#open=')).toBeUndefined();
    expect(fragmentOf('https://example.org/datanets')).toBeUndefined();
  });
});
