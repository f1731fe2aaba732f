export type Scheduler = 'linear' | 'cosine' | 'constant';

/**
 * Learning rate of optimizer step `step` (from 0), as transformers' get_*_schedule_with_warmup: a linear warm-up from 0,
 * then linear decay to 0, half a cosine to 0, or constant.
 * @param steps optimizer steps of the whole run
 */
export function learningRateAt(
  step: number,
  options: {
    readonly scheduler: Scheduler;
    readonly peak: number;
    readonly warmup: number;
    readonly steps: number;
  }
): number {
  const { scheduler, peak, warmup, steps } = options;
  if (step < warmup) return (peak * step) / Math.max(1, warmup);
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  switch (scheduler) {
    case 'constant':
      return peak;
    case 'linear':
      return peak * Math.max(0, 1 - progress);
    case 'cosine':
      return peak * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
  }
}
