import { isStop } from '$lib/components/ui/describe-error';
import type { PreparedAction } from '$lib/chain/action';
import { StoppedError } from '$lib/errors';

/**
 * `preparing`: it is tried out and its cost is asked. `asking`: words and cost are shown, nothing is sent. `running`:
 * the wallet asks, then blocks are waited for. `sent`: all of it is done.
 */
export type ActionStage = 'closed' | 'preparing' | 'asking' | 'running' | 'sent' | 'failed';

/** Something that costs, and what to do with what came of it. */
export interface ActionRequest<Result> {
  /** What is being prepared, until it has a title of its own: `Anchor this claim`. */
  title: string;
  /** Tries it out. Sends nothing. */
  prepare: () => Promise<PreparedAction<Result>>;
  /** Keeps what came of it. */
  keep: (result: Result) => Promise<void>;
  /** What is said when it is done. */
  done: string;
}

/** The one way to a transaction: what is sent was first shown in words with its cost, and a person pressed Confirm. */
export class ActionFlow {
  stage = $state<ActionStage>('closed');
  request = $state.raw<ActionRequest<unknown>>();
  action = $state.raw<PreparedAction<unknown>>();
  /** Hashes of what was sent, in order. */
  sent = $state.raw<string[]>([]);
  /** Why it failed; while `asking`, why nothing was sent. None where the person stopped waiting. */
  error = $state.raw<unknown>();
  #control: AbortController | undefined;
  #answer: ((done: boolean) => void) | undefined;
  /** An answer that comes for an earlier question is dropped. */
  #turn = 0;

  get open(): boolean {
    return this.stage !== 'closed';
  }

  /** Shows what it is and what it costs, and sends it when the person says so. Resolves to whether it was done. */
  async ask<Result>(request: ActionRequest<Result>): Promise<boolean> {
    if (this.open) return false;
    this.request = request as ActionRequest<unknown>;
    const answer = new Promise<boolean>((resolve) => (this.#answer = resolve));
    await this.prepare();
    return answer;
  }

  /** Tries it out, again where things changed since: the account, the network, the cost. */
  async prepare(): Promise<void> {
    const { request } = this;
    if (!request || this.stage === 'running' || this.stage === 'preparing') return;
    const turn = ++this.#turn;
    this.action = undefined;
    this.sent = [];
    this.error = undefined;
    this.stage = 'preparing';
    try {
      const action = await request.prepare();
      if (turn !== this.#turn) return;
      this.action = action;
      this.stage = 'asking';
    } catch (error) {
      if (turn !== this.#turn) return;
      this.error = error;
      this.stage = 'failed';
    }
  }

  /** The person agrees to what is shown. Where the wallet or the chain does not, it is still there. */
  async confirm(): Promise<void> {
    const { action, request } = this;
    if (this.stage !== 'asking' || !action || !request) return;
    const control = new AbortController();
    this.#control = control;
    this.sent = [];
    this.error = undefined;
    this.stage = 'running';
    try {
      const result = await action.run({
        signal: control.signal,
        onSent: (hash) => (this.sent = [...this.sent, hash])
      });
      await request.keep(result);
      this.stage = 'sent';
      this.#settle(true);
    } catch (error) {
      this.error = isStop(error) ? undefined : error;
      // What was sent cannot be sent once more by another press: it is looked at anew.
      this.stage = this.sent.length > 0 ? 'failed' : 'asking';
    } finally {
      this.#control = undefined;
    }
  }

  /** Ends the waiting for blocks. What was sent stays sent. */
  stopWaiting(): void {
    this.#control?.abort(new StoppedError());
  }

  close(): void {
    if (this.stage === 'running' || !this.open) return;
    this.#turn += 1;
    this.stage = 'closed';
    this.#settle(false);
  }

  #settle(done: boolean): void {
    this.#answer?.(done);
    this.#answer = undefined;
  }
}
