import { readSetting, writeSetting } from '$lib/components/app/settings';
import type { DatanetValue, ValueRequest } from '$lib/workers/attribution/protocol';
import type { GpuWork } from './gpu-work.svelte';
import {
  arePrompts,
  completePrompts,
  leastPrompts,
  longestField,
  mostPrompts,
  readPromptLines,
  type WantedAnswer
} from './prompts';

/** More than this is a run, which the page has a section for. */
export const mostTrialSteps = 200;

const usualTrialSteps = 20;

const emptyPrompt = (): WantedAnswer => ({ question: '', answer: '' });

interface Kept {
  prompts: WantedAnswer[];
  trialSteps: number;
}

/** What the chosen data would add to the chosen model, on questions of the person's own. */
export class ValueState {
  prompts = $state<WantedAnswer[]>([]);
  trialSteps = $state(usualTrialSteps);
  error = $state.raw<unknown>();
  readonly #storage: Storage;
  readonly #work: GpuWork;
  #result = $state.raw<{ of: string; value: DatanetValue }>();

  constructor(storage: Storage, work: GpuWork) {
    this.#storage = storage;
    this.#work = work;
    const kept = readSetting(storage, 'value', isKept);
    this.prompts = kept?.prompts ?? Array.from({ length: leastPrompts }, emptyPrompt);
    this.trialSteps = kept?.trialSteps ?? usualTrialSteps;
  }

  setTrialSteps(steps: number): void {
    if (!Number.isFinite(steps)) return;
    this.trialSteps = Math.min(mostTrialSteps, Math.max(0, Math.round(steps)));
    this.keep();
  }

  add(): void {
    if (this.prompts.length < mostPrompts) this.prompts.push(emptyPrompt());
  }

  remove(at: number): void {
    this.prompts.splice(at, 1);
    while (this.prompts.length < leastPrompts) this.prompts.push(emptyPrompt());
    this.keep();
  }

  /** Adds lines of `question TAB answer` that are not there yet; tells how many were taken, and how many not. */
  takeLines(text: string): { taken: number; refused: number; tooMany: number } {
    const { prompts: read, refused } = readPromptLines(text);
    const before = completePrompts(this.prompts);
    const known = before.map(asLine);
    const prompts = read.map(shortened).filter((prompt) => !known.includes(asLine(prompt)));
    const all = [...before, ...prompts].slice(0, mostPrompts);
    if (prompts.length > 0) {
      this.prompts = all;
      while (this.prompts.length < leastPrompts) this.prompts.push(emptyPrompt());
      this.keep();
    }
    const taken = Math.max(0, all.length - before.length);
    return { taken, refused, tooMany: prompts.length - taken };
  }

  /** Remembers what was typed. */
  keep(): void {
    const prompts = $state.snapshot(this.prompts).map(shortened);
    writeSetting(this.#storage, 'value', { prompts, trialSteps: this.trialSteps } satisfies Kept);
  }

  /** What was measured of this data and this model; undefined where that was not, or of others. */
  of(request: Pick<ValueRequest, 'data' | 'model' | 'adapter'>): DatanetValue | undefined {
    return this.#result?.of === keyOf(request) ? this.#result.value : undefined;
  }

  async measure(request: Omit<ValueRequest, 'prompts' | 'trialSteps'>): Promise<void> {
    const asked: ValueRequest = {
      ...request,
      prompts: completePrompts($state.snapshot(this.prompts)),
      trialSteps: this.trialSteps
    };
    this.error = undefined;
    try {
      const value = await this.#work.run('value', (gpu, onEvent) => gpu.datanetValue(asked, onEvent));
      if (value) this.#result = { of: keyOf(asked), value };
    } catch (error) {
      this.error = error;
    }
  }
}

function shortened({ question, answer }: WantedAnswer): WantedAnswer {
  return { question: question.slice(0, longestField), answer: answer.slice(0, longestField) };
}

function asLine({ question, answer }: WantedAnswer): string {
  return `${question}\t${answer}`;
}

function keyOf({ data, model, adapter }: Pick<ValueRequest, 'data' | 'model' | 'adapter'>): string {
  return JSON.stringify([data, model, adapter]);
}

function isKept(value: unknown): value is Kept {
  const { prompts, trialSteps } = (value ?? {}) as Partial<Kept>;
  return (
    arePrompts(prompts) &&
    Number.isInteger(trialSteps) &&
    Number(trialSteps) >= 0 &&
    Number(trialSteps) <= mostTrialSteps
  );
}
