/** Nothing is sent that was not shown, and what failed in the wallet leaves what is shown as it is. */
import { describe, expect, it } from 'vitest';
import type { PreparedAction, RunOptions } from '$lib/chain/action';
import { deferred } from '$lib/components/testing';
import { ActionFlow } from './flow.svelte';

function started(run: (options: RunOptions) => Promise<string>) {
  const flow = new ActionFlow();
  const kept: string[] = [];
  const action = { title: 'Pay', words: ['Pays 1 wei.'], run } as unknown as PreparedAction<string>;
  const answer = flow.ask({
    title: 'Pay',
    done: 'Paid.',
    prepare: async () => action,
    keep: async (result) => void kept.push(result)
  });
  return { flow, kept, answer, action };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('a transaction', () => {
  it('is sent only after it was shown and the person agreed, and what comes of it is kept', async () => {
    let runs = 0;
    const { flow, kept, answer, action } = started(async ({ onSent }) => {
      runs += 1;
      onSent?.('0xaa', 0);
      return 'uid';
    });
    await settled();
    expect(flow).toMatchObject({ stage: 'asking', action });
    expect(runs).toBe(0);
    await flow.confirm();
    expect(flow).toMatchObject({ stage: 'sent', sent: ['0xaa'] });
    expect(await answer).toBe(true);
    expect(kept).toEqual(['uid']);
    await flow.confirm();
    expect(runs).toBe(1);
  });

  it('that the wallet declines is still shown, and can be confirmed again', async () => {
    const declined = new Error('Nothing was sent.');
    let refuses = true;
    const { flow, kept } = started(async () => {
      if (refuses) throw declined;
      return 'uid';
    });
    await settled();
    await flow.confirm();
    expect(flow).toMatchObject({ stage: 'asking', error: declined });
    expect(kept).toEqual([]);
    refuses = false;
    await flow.confirm();
    expect(flow).toMatchObject({ stage: 'sent', error: undefined });
  });

  it('that failed after something was sent is prepared anew before anything else is sent', async () => {
    const broken = new Error('The contract refuses.');
    let runs = 0;
    const { flow } = started(async ({ onSent }) => {
      runs += 1;
      onSent?.('0xaa', 0);
      throw broken;
    });
    await settled();
    await flow.confirm();
    expect(flow).toMatchObject({ stage: 'failed', error: broken, sent: ['0xaa'] });
    await flow.confirm();
    expect(runs).toBe(1);
    await flow.prepare();
    expect(flow).toMatchObject({ stage: 'asking', sent: [], error: undefined });
  });

  it('cannot be closed while the wallet has it, and its waiting can be ended', async () => {
    const { flow, answer } = started(
      ({ signal, onSent }) =>
        new Promise((_, reject) => {
          onSent?.('0xaa', 0);
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        })
    );
    await settled();
    const running = flow.confirm();
    flow.close();
    expect(flow.stage).toBe('running');
    flow.stopWaiting();
    await running;
    expect(flow).toMatchObject({ stage: 'failed', sent: ['0xaa'], error: undefined });
    flow.close();
    expect(await answer).toBe(false);
  });

  it('that could not be prepared says why, and one that is closed meanwhile is dropped', async () => {
    const flow = new ActionFlow();
    const broken = new Error('No such contract.');
    const request = { title: 'Pay', done: 'Paid.', keep: async () => undefined };
    void flow.ask({ ...request, prepare: () => Promise.reject(broken) });
    await settled();
    expect(flow).toMatchObject({ stage: 'failed', error: broken });
    flow.close();
    const late = deferred<PreparedAction<string>>();
    const answer = flow.ask({ ...request, prepare: () => late.promise });
    flow.close();
    late.resolve({} as PreparedAction<string>);
    await settled();
    expect(await answer).toBe(false);
    expect(flow).toMatchObject({ stage: 'closed', action: undefined });
  });
});
