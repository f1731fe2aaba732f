import { defaultTraits, findFittingChange, planRun, type DeviceTraits } from '../jobs/plan-run';
import { completeOptions } from '../jobs/options';
import type { DeviceSummary, MemoryEstimate, ParameterValues } from './protocol';

/**
 * What a run would take on a GPU, planned as the run itself plans it.
 * @param config the object of config.json
 * @param longest the longest row in tokens after cutting, where it is known
 * @throws UnsupportedModelError, InvalidOptionError
 */
export function estimateMemory(
  config: unknown,
  values: ParameterValues,
  device: DeviceSummary | undefined,
  longest: number | undefined
): MemoryEstimate {
  const options = completeOptions(values);
  const traits = device ? traitsOf(device) : defaultTraits;
  const plan = planRun(config, options, traits, longest);
  const parts = plan.parts.filter((part) => part.bytes > 0).sort((a, b) => b.bytes - a.bytes);
  const estimate = { plannedBytes: plan.plannedBytes, parts: parts.map((part) => ({ ...part })) };
  if (!plan.tooLarge) return { ...estimate, fits: true };
  const { tensor, bytes } = plan.tooLarge;
  const change = findFittingChange(config, options, traits, Number.POSITIVE_INFINITY);
  const short = `${tensor} is ${mebibytes(bytes - traits.maxTensorBytes)} larger than this GPU takes in one piece.`;
  const advice = change ? `It would fit with: ${change.text}.` : 'Choose a smaller model.';
  return { ...estimate, fits: false, advice: `${short} ${advice}` };
}

function traitsOf(device: DeviceSummary): DeviceTraits {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  return {
    style: device.software ? 'serial' : 'cooperative',
    maxTensorBytes: Math.min(maxStorageBufferBindingSize, maxBufferSize)
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0)} MiB`;
}
