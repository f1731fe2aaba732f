import { describe, expect, it } from 'vitest';
import { deferred, fakeClient } from '$lib/components/testing';
import type {
  DatanetWorker,
  PreparedStatement,
  SignedFile,
  StatementRequest
} from '$lib/workers/datanets/protocol';
import { Signing } from './signing.svelte';

const request: StatementRequest = { kind: 'refusal', request: 'bafy', reason: 'Not for this.' };
const prepared: PreparedStatement = {
  prepared: 'p1',
  statement: {
    kind: 'refusal',
    datanet: 'd',
    request: 'bafy',
    reason: 'Not for this.',
    by: { id: 'did:key:zA', name: 'Ada', agreement: 'did:key:zB' },
    created: '2026-01-01T00:00:00Z'
  },
  words: ['Ada says no.'],
  warnings: []
};
const file: SignedFile = { kind: 'refusal', cid: 'bafy2', file: new File(['{}'], 'refusal.tabtune.json') };

/** A signing whose worker counts what it is asked. */
function started(methods: Partial<DatanetWorker> = {}) {
  const asked: string[] = [];
  const signing = new Signing(
    fakeClient<DatanetWorker>({
      prepare: async () => (asked.push('prepare'), prepared),
      sign: async (id) => (asked.push(`sign ${id}`), file),
      cancel: async () => void asked.push('cancel'),
      ...methods
    })
  );
  return { signing, asked };
}

/** Until all that is settled has been told. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('signing', () => {
  it('signs only after the words were shown and the person agreed', async () => {
    const { signing, asked } = started();
    const answer = signing.ask(request);
    expect(signing).toMatchObject({ stage: 'preparing', kind: 'refusal' });
    await settled();
    expect(signing).toMatchObject({ stage: 'asking', prepared });
    expect(asked).toEqual(['prepare']);
    await signing.sign();
    expect(asked).toEqual(['prepare', 'sign p1']);
    expect(await answer).toBe(file);
    expect(signing).toMatchObject({ stage: 'signed', signed: file });
    signing.close();
    expect(signing.open).toBe(false);
  });

  it('signs nothing when the person says not now, and can be asked again', async () => {
    const { signing, asked } = started();
    const answer = signing.ask(request);
    await settled();
    signing.close();
    expect(await answer).toBeUndefined();
    await signing.sign();
    expect(asked).toEqual(['prepare']);
    void signing.ask(request);
    await settled();
    expect(signing.stage).toBe('asking');
  });

  it('ends the preparation when the person does not wait for it, and drops its answer', async () => {
    const late = deferred<PreparedStatement>();
    const { signing, asked } = started({ prepare: () => late.promise });
    const answer = signing.ask(request);
    signing.close();
    late.resolve(prepared);
    expect(await answer).toBeUndefined();
    await settled();
    expect(signing).toMatchObject({ stage: 'closed', prepared: undefined });
    expect(asked).toEqual(['cancel']);
  });

  it('shows an answer to the question that is open, not to one before', async () => {
    const late = deferred<PreparedStatement>();
    const answers = [late.promise, Promise.resolve({ ...prepared, prepared: 'p2' })];
    const { signing } = started({ prepare: () => answers.shift()! });
    void signing.ask(request);
    signing.close();
    void signing.ask(request);
    await settled();
    late.resolve(prepared);
    await settled();
    expect(signing.prepared?.prepared).toBe('p2');
  });

  it('says why it failed, before and while signing', async () => {
    const broken = new Error('Nothing to publish.');
    const { signing } = started({ prepare: () => Promise.reject(broken) });
    expect(await signing.ask(request)).toBeUndefined();
    expect(signing).toMatchObject({ stage: 'failed', error: broken });
    signing.close();

    const { signing: other } = started({ sign: () => Promise.reject(broken) });
    const answer = other.ask(request);
    await settled();
    await other.sign();
    expect(await answer).toBeUndefined();
    expect(other).toMatchObject({ stage: 'failed', error: broken });
  });

  it('asks one thing at a time', async () => {
    const { signing, asked } = started();
    void signing.ask(request);
    expect(await signing.ask(request)).toBeUndefined();
    await settled();
    expect(asked).toEqual(['prepare']);
  });
});
