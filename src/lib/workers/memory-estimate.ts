import { adviceOf } from '../jobs/fit';
import { defaultTraits, planRun, type DeviceTraits } from '../jobs/plan-run';
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
  const advice = adviceOf(config, options, plan, traits, longest);
  return advice ? { ...estimate, fits: false, advice: advice.text } : { ...estimate, fits: true };
}

function traitsOf(device: DeviceSummary): DeviceTraits {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  return {
    style: device.software ? 'serial' : 'cooperative',
    maxTensorBytes: Math.min(maxStorageBufferBindingSize, maxBufferSize)
  };
}
