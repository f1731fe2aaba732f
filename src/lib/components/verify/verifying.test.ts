import { describe, expect, it } from 'vitest';
import { deferred, fakeClient } from '$lib/components/testing';
import type { VerifyReport } from '$lib/datanets/verify/verify';
import type { DatanetWorker } from '$lib/workers/datanets/protocol';
import { verdictOf } from './verdict';
import { Verifying } from './verifying.svelte';
import { StoppedError } from '$lib/errors';

const report = (...states: ('holds' | 'fails' | 'unknown')[]): VerifyReport => ({
  ...{ kind: 'version', title: 'A version', words: [] },
  checks: states.map((state) => ({ name: 'rows', state, reason: 'Because.' }))
});
const file = (name: string) => new File(['abc'], name);

describe('files that are verified', () => {
  it('stand with their reports, in the order in which they were given', async () => {
    const verifying = new Verifying(
      fakeClient<DatanetWorker>({ verify: async (files) => files.map(() => report('holds')) })
    );
    await verifying.verify([file('a'), file('b')]);
    expect(verifying.results.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['a', 3],
      ['b', 3]
    ]);
    expect(verifying.busy).toBe(false);
  });

  it('are dropped when they are cancelled, and the worker is told', async () => {
    const answer = deferred<VerifyReport[]>();
    let cancelled = 0;
    const verifying = new Verifying(
      fakeClient<DatanetWorker>({
        verify: () => answer.promise,
        cancel: async () => void (cancelled += 1)
      })
    );
    const done = verifying.verify([file('a')]);
    expect([verifying.busy, verifying.files]).toEqual([true, ['a']]);
    verifying.cancel();
    expect([verifying.busy, cancelled]).toEqual([false, 1]);
    answer.reject(new StoppedError());
    await done;
    expect([verifying.results, verifying.error]).toEqual([[], undefined]);
  });

  it('leave what failed to be shown, and can be tried again', async () => {
    let fail = true;
    const verifying = new Verifying(
      fakeClient<DatanetWorker>({
        verify: async () => {
          if (fail) throw new Error('The worker stopped');
          return [report('unknown')];
        }
      })
    );
    await verifying.verify([file('a')]);
    expect(verifying.error).toMatchObject({ message: 'The worker stopped' });
    fail = false;
    await verifying.verify([file('a')]);
    expect([verifying.error, verifying.results.length]).toEqual([undefined, 1]);
  });

  it('are checked again through a wallet, where only a chain can tell, and the wallet is let go', async () => {
    const calls: unknown[] = [];
    let closed = 0;
    const unknown = {
      ...report(),
      checks: [{ name: 'wallet', state: 'unknown' as const, reason: 'Ask.', chainId: 10 }]
    };
    const verifying = new Verifying(
      fakeClient<DatanetWorker>({
        verify: async (files, _, chain) => {
          calls.push(await chain?.(10, { method: 'eth_chainId' }));
          return files.map(() => (chain ? report('holds') : unknown));
        }
      })
    );
    await verifying.verify([file('a'), file('b')]);
    expect(verifying.chains).toEqual([10]);
    const ask = async (chainId: number) => chainId;
    await verifying.verifyThrough(async () => ({ ask, close: () => (closed += 1) }));
    expect([calls, closed, verifying.chains]).toEqual([[undefined, 10], 1, []]);
    expect(verifying.results.map(({ name }) => name)).toEqual(['a', 'b']);
    await verifying.verifyThrough(() => Promise.reject(new Error('Declined')));
    expect(verifying.error).toMatchObject({ message: 'Declined' });
    expect([verifying.results.length, closed]).toEqual([2, 1]);
  });

  it('come to what is worst among their checks, and never hold for want of any', () => {
    expect(verdictOf(report('holds', 'holds'))).toBe('holds');
    expect(verdictOf(report('holds', 'unknown'))).toBe('unknown');
    expect(verdictOf(report('fails', 'unknown'))).toBe('fails');
    expect(verdictOf({ ...report('holds'), kind: 'unreadable' })).toBe('unreadable');
  });
});
