import { describe, expect, it } from 'vitest';
import { deferred } from '$lib/components/testing';
import type { Exchange, Proposal } from '$lib/workers/datanets/protocol';
import { ExchangeState } from './exchange.svelte';

const proposal = (contribution: string, received: number, change: Partial<Proposal> = {}) =>
  ({ contribution, received, ...change }) as Proposal;
const exchange = (proposals: Proposal[]): Exchange => ({
  invitations: [],
  proposals,
  requests: [],
  grants: [],
  validations: []
});

describe('what was signed about a Datanet', () => {
  it('puts apart what waits and what was answered or taken back, the newest first', async () => {
    const all = exchange([
      proposal('old', 1),
      proposal('new', 4),
      proposal('decided', 2, { decision: {} as Proposal['decision'] }),
      proposal('back', 3, { withdrawn: {} as Proposal['withdrawn'] })
    ]);
    const state = new ExchangeState({ id: 'd', attempt: async () => all as never });
    await state.read();
    expect(state.waiting.map((each) => each.contribution)).toEqual(['new', 'old']);
    expect(state.settled.map((each) => each.contribution)).toEqual(['back', 'decided']);
  });

  it('shows the newest answer, and keeps the last one where reading fails', async () => {
    const [first, second] = [deferred<Exchange>(), deferred<Exchange>()];
    const answers: Promise<unknown>[] = [first.promise, second.promise, Promise.resolve(undefined)];
    const state = new ExchangeState({ id: 'd', attempt: () => answers.shift()! as never });
    const both = [state.read(), state.read()];
    second.resolve(exchange([proposal('second', 1)]));
    first.resolve(exchange([proposal('first', 1)]));
    await Promise.all(both);
    await state.read();
    expect(state.waiting.map((each) => each.contribution)).toEqual(['second']);
  });
});
