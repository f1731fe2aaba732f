import type { FinetuneEvent, FinetunePhase } from '../lib/jobs/finetune';

const phaseNames: Record<FinetunePhase, string> = {
  loading: 'Reading the model',
  quantising: 'Loading the model onto the GPU',
  compiling: 'Compiling',
  training: 'Training',
  evaluating: 'Measuring the held-out rows'
};

/** A run in lines for a terminal or a log: one for each phase, one for each step. */
export class Progress {
  readonly #say: (line: string) => void;
  #phase: FinetunePhase | undefined;
  #tenths = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  show(event: FinetuneEvent): void {
    switch (event.kind) {
      case 'phase':
        this.#showPhase(event.phase, event.done, event.total);
        break;
      case 'plan':
        this.#say(
          `${event.steps} steps of ${event.dispatchesPerStep} dispatches, ${megabytes(event.plannedBytes)} on the GPU, ${event.trainableParameters} trainable parameters.`
        );
        break;
      case 'held-out':
        this.#say(
          `Held-out loss ${event.moment} training: ${event.loss.toFixed(4)} over ${event.rows} rows.`
        );
        break;
      case 'step': {
        const { step, steps, epoch, loss, learningRate, gradNorm, milliseconds, tokens, secondsLeft } = event;
        const rate = (tokens / milliseconds) * 1000;
        this.#say(
          `step ${step}/${steps}  epoch ${epoch + 1}  loss ${loss.toFixed(4)}  lr ${learningRate.toExponential(2)}  ` +
            `|g| ${gradNorm.toFixed(3)}  ${milliseconds.toFixed(0)} ms  ${rate.toFixed(0)} tokens/s  ${duration(secondsLeft)} left`
        );
        break;
      }
      case 'warning':
        this.#say(event.message);
        break;
      case 'checkpoint':
      case 'moment':
        break;
    }
  }

  #showPhase(phase: FinetunePhase, done = 0, total = 0): void {
    const tenths = total > 0 ? Math.floor((10 * done) / total) : 0;
    const begins = phase !== this.#phase;
    // Loading tells each tensor; a line for every tenth says enough, and none for what is over at once.
    if (phase === 'quantising' ? begins || tenths > this.#tenths : begins && phase !== 'training') {
      this.#say(phaseNames[phase] + (phase === 'quantising' && !begins ? `: ${tenths * 10}%` : ''));
    }
    this.#phase = phase;
    this.#tenths = tenths;
  }
}

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}
