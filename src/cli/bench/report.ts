import type { BenchResult } from './measure';

const mebibyte = 2 ** 20;

/** The figures of a run as lines for people. */
export function reportText(result: BenchResult): string {
  const { settings, millisecondsPerStep: step } = result;
  const device = Object.values(result.device).filter(Boolean).join(' / ');
  const facts: [string, string][] = [
    ['device', device || 'unnamed'],
    [
      'model',
      `${result.preset}: batch ${settings.batch} x ${settings.length}, rank ${settings.rank}, base ${settings.base}`
    ],
    [
      'kernels',
      `${settings.style}${settings.scratch ? ', layers dequantised once a pass' : ''}${settings.checkpointing ? ', checkpointing' : ''}, activations ${settings.activations}`
    ],
    ['speed', `${result.tokensPerSecond.toFixed(0)} tokens/s, ${result.gflops.toFixed(2)} GFLOP/s`],
    [
      'step',
      `${step.median.toFixed(1)} ms (${step.min.toFixed(1)} to ${step.max.toFixed(1)} over ${step.steps})`
    ],
    ['first step', `${result.firstStepMilliseconds.toFixed(0)} ms`],
    [
      'dispatches',
      `${result.dispatchesPerStep} a step, ${result.dispatchesPerLayer.here} a layer (${result.dispatchesPerLayer.checkpointing} with checkpointing)`
    ],
    [
      'memory',
      `${(result.peakBytes / mebibyte).toFixed(2)} MiB at most, ${(result.plannedBytes / mebibyte).toFixed(2)} MiB planned (ratio ${result.peakToPlanned.toFixed(4)})`
    ],
    ['made later', `${result.allocationsAfterFirstStep} GPU objects after the first step`],
    ['loss', `${result.losses[0].toFixed(4)} to ${result.losses.at(-1)!.toFixed(4)}`]
  ];
  const lines = facts.map(([name, value]) => `${name.padEnd(12)}${value}`);
  if (result.kernels.length) {
    const total = result.kernels.reduce((sum, k) => sum + k.millisecondsPerStep, 0);
    lines.push(
      '',
      `${'ms a step'.padStart(10)}${'share'.padStart(8)}${'times'.padStart(7)}${'ms each'.padStart(10)}${'GFLOP/s'.padStart(10)}  kernel, alone`
    );
    for (const k of result.kernels) {
      const share = `${((100 * k.millisecondsPerStep) / total).toFixed(1)}%`;
      lines.push(
        `${k.millisecondsPerStep.toFixed(2).padStart(10)}${share.padStart(8)}${String(k.count).padStart(7)}${k.milliseconds.toFixed(3).padStart(10)}${k.gflops.toFixed(2).padStart(10)}  ${k.label}`
      );
    }
  }
  return lines.join('\n');
}
