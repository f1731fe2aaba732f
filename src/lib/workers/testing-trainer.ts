/** What tests of the life of a run share: an engine whose every step follows from the state before, and the kill of its tab. */
import { vi } from 'vitest';
import type { Adapter } from '../formats/peft';
import type { FinetuneResult } from '../jobs/finetune';
import { finalMoment, meanLearningRate, momentSteps } from '../jobs/moments';
import type { RunRecord, StepRecord } from '../jobs/run-record';
import type { GpuJobs, SavedState } from './gpu-jobs';

export interface TrainerOptions {
  steps?: number;
  checkpointEvery?: number;
  moments?: number;
  /** Awaited after each step, before anything of it is saved. */
  onStep?: (step: number) => unknown;
}

interface Figures {
  step: number;
  value: number;
  m: number;
}

/** As `finetune` goes on, with two numbers for weights. A step that is left out, or done twice, changes all after it. */
export function scriptedTrainer({
  steps = 8,
  checkpointEvery = 2,
  moments = 3,
  onStep
}: TrainerOptions = {}): GpuJobs['finetune'] {
  return async ({ resume, signal, pause, onEvent, heldOut, checkpoint }): Promise<FinetuneResult> => {
    onEvent({ kind: 'phase', phase: 'loading' });
    onEvent({ kind: 'plan', plannedBytes: 1000, dispatchesPerStep: 9, steps, trainableParameters: 4 });
    let at: Figures = resume ? read(resume) : { step: 0, value: 1, m: 0 };
    const measure = (moment: 'before' | 'after') =>
      onEvent({ kind: 'held-out', moment, loss: 5 / Math.abs(at.value), rows: heldOut.length });
    if (!resume) measure('before');
    const records: StepRecord[] = [...(resume?.steps ?? [])];
    const looked = momentSteps(steps, moments);
    let saved = at.step;
    const save = () => {
      if (saved === at.step) return;
      saved = at.step;
      onEvent({ kind: 'checkpoint', state: { ...write(at), steps: [...records] } });
    };
    while (at.step < steps) {
      const waiting = pause();
      if (waiting) save();
      await waiting;
      if (signal.aborted) break;
      at = after(at);
      const record = recordOf(at);
      records.push(record);
      onEvent({ kind: 'step', steps, secondsLeft: 1, ...record });
      await onStep?.(at.step);
      const moment = looked.indexOf(at.step);
      if (moment >= 0) {
        const learningRate = meanLearningRate(records, looked[moment - 1] ?? 0, at.step);
        onEvent({ kind: 'moment', step: at.step, values: Float32Array.of(at.value, at.m), learningRate });
      }
      if (at.step % checkpointEvery === 0 && at.step < steps) save();
      await new Promise((resolve) => setTimeout(resolve));
    }
    if (at.step > 0 && at.step < (looked[0] ?? Infinity)) {
      const values = Float32Array.of(at.value, at.m);
      onEvent({ kind: 'moment', step: at.step, ...finalMoment(values, records) });
    }
    const status = at.step < steps ? 'stopped' : 'done';
    if (status === 'done') measure('after');
    const sha256 = { base: await checkpoint.sha256(), data: '', adapter: '' };
    return {
      ...{ status, adapter: write(at).adapter },
      record: { sha256, steps: records, status } as unknown as RunRecord
    };
  };
}

/** Rounded as f32 rounds, so that what is stored and read again is the same. */
function after({ step, value, m }: Figures): Figures {
  const next = Math.fround(m * 0.9 + Math.sin(value + step));
  return { step: step + 1, value: Math.fround(value - next / (step + 3)), m: next };
}

const recordOf = ({ step, value, m }: Figures): StepRecord => ({
  ...{ step, epoch: 0, loss: 3 + value, learningRate: 1 / step, gradNorm: Math.abs(m) },
  ...{ tokens: 50, trainedTokens: 20, milliseconds: 100 }
});

function write({ step, value, m }: Figures): Omit<SavedState, 'steps'> {
  const key = (half: string) => `base_model.model.model.layers.0.self_attn.q_proj.lora_${half}.weight`;
  const adapter: Adapter = {
    config: {
      ...{ baseModel: 'tabtune-starter', rank: 1, alpha: 2, dropout: 0, rsLora: false },
      targetModules: ['q_proj']
    },
    tensors: new Map([
      [key('A'), { shape: [1, 2], data: Float32Array.of(value, m) }],
      [key('B'), { shape: [2, 1], data: Float32Array.of(-value, step) }]
    ])
  };
  return { step, adapter, optimizer: { m: Float32Array.of(m).buffer } };
}

function read({ step, adapter, optimizer }: SavedState): Figures {
  const [{ data }] = adapter.tensors.values();
  return { step, value: data[0], m: new Float32Array(optimizer['m'])[0] };
}

/**
 * Ends the tab before its n-th write from now: neither that one nor any later happens.
 * @returns whether it has come to that, and how to open another tab
 */
export function killBeforeWrite(n: number): { killed: () => boolean; revive: () => void } {
  let writes = 0;
  const original = IDBDatabase.prototype.transaction;
  const spy = vi.spyOn(IDBDatabase.prototype, 'transaction');
  spy.mockImplementation(function (this: IDBDatabase, ...args) {
    if (args[1] === 'readwrite') {
      writes += 1;
      if (writes >= n) throw new Error('The tab is gone.');
    }
    return original.apply(this, args);
  });
  return { killed: () => writes >= n, revive: () => spy.mockRestore() };
}
