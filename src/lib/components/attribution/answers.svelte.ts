import { SvelteMap } from 'svelte/reactivity';
import type { AnswerSources, ExplainRequest } from '$lib/workers/attribution/protocol';
import type { GpuWork } from './gpu-work.svelte';

/** Where answers of the tuned model came from. What was measured of an answer is there as long as the page. */
export class AnswersState {
  /** The answer that is looked at: its place in the conversation. */
  shown = $state<number>();
  error = $state.raw<unknown>();
  readonly #work: GpuWork;
  readonly #found = new SvelteMap<string, AnswerSources>();

  constructor(work: GpuWork) {
    this.#work = work;
  }

  /** What is known of an answer. */
  of(request: ExplainRequest): AnswerSources | undefined {
    return this.#found.get(keyOf(request));
  }

  /** Shows where the answer at a place of the conversation came from, and measures it unless that was done. */
  async show(at: number, request: ExplainRequest): Promise<void> {
    this.shown = at;
    this.error = undefined;
    if (this.of(request)) return;
    try {
      const sources = await this.#work.run('explain', (gpu, onEvent) => gpu.explain(request, onEvent));
      if (sources) this.#found.set(keyOf(request), sources);
      else if (this.shown === at) this.shown = undefined;
    } catch (error) {
      this.error = error;
    }
  }

  hide(): void {
    this.shown = undefined;
    this.error = undefined;
  }
}

/** The same words after the same words, by the adapter of the same run. */
function keyOf({ run, messages }: ExplainRequest): string {
  return JSON.stringify([run, messages.map(({ role, content }) => [role, content])]);
}
