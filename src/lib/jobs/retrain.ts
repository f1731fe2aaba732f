import { median } from '../datanets/median';
import { PartTrainer, type Losses, type PartTrainerJob } from './part-trainer';

/** A model that is trained on some of a run's rows. */
export interface RetrainPart {
  /** For people: `Without Ada`. */
  readonly name: string;
  /** Positions among the run's rows, ascending. */
  readonly rows: readonly number[];
}

export interface RetrainProgress {
  readonly phase: 'loading' | 'quantising' | 'compiling' | 'training';
  readonly done: number;
  readonly total: number;
  /** `Without Ada, 2 of 5` */
  readonly part?: string;
  readonly secondsLeft?: number;
}

export interface RetrainJob extends Omit<PartTrainerJob, 'onProgress'> {
  readonly parts: readonly RetrainPart[];
  /** How many of them, from the first, were trained and measured before; absent for none. */
  readonly finished?: number;
  /** Steps that the run took, where it was stopped before its end. */
  readonly steps?: number;
  onProgress?(progress: RetrainProgress): void;
  /** A model is trained and measured. Awaited, so that it can be kept before the next one begins. */
  onModel(part: number, losses: Losses): void | Promise<void>;
}

/**
 * Trains a model on each part of a run's rows, with the run's own options and seed, and measures it on the run's questions.
 * That is the truth that estimators of influence predict: what a model would be without somebody (leave one out), and what
 * models on random parts are (datamodels: Ilyas et al. 2022, arXiv 2202.00622). What was reported by `onModel` holds
 * whenever the rest is stopped.
 * @throws the abort reason, DeviceLostError, and what `PartTrainer.open` throws
 */
export async function retrain(job: RetrainJob): Promise<void> {
  const { parts, signal, steps, finished = 0 } = job;
  const trainer = await PartTrainer.open({
    ...job,
    onProgress: (phase, done, total) => job.onProgress?.({ phase, done, total })
  });
  try {
    const planned = parts.map(({ rows }) => trainer.stepsOf(rows, steps));
    const total = planned.reduce((sum, each) => sum + each, 0);
    const recent: number[] = [];
    let before = 0;
    for (const [number, { name, rows }] of parts.entries()) {
      if (number < finished) {
        before += planned[number];
        continue;
      }
      const part = `${name}, ${number + 1} of ${parts.length}`;
      let taken = 0;
      const tell = () => {
        const done = before + taken;
        const left = recent.length > 0 ? { secondsLeft: ((total - done) * median(recent)) / 1000 } : {};
        job.onProgress?.({ phase: 'training', part, done, total, ...left });
      };
      tell();
      const losses = await trainer.train(rows, {
        ...(steps === undefined ? {} : { steps }),
        ...(signal ? { signal } : {}),
        onStep: (milliseconds) => {
          taken += 1;
          recent.push(milliseconds);
          if (recent.length > 9) recent.shift();
          tell();
        }
      });
      before += planned[number];
      await job.onModel(number, losses);
    }
  } finally {
    trainer.destroy();
  }
}
