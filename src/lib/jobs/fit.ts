import { TabtuneError } from '../errors';
import type { FinetuneOptions } from './options';
import { findFittingChange, type DeviceTraits, type RunPlan } from './plan-run';

/** The run needs more than the GPU can give. */
export class AdapterFitError extends TabtuneError {}

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0)} MiB`;

/**
 * Refuses a plan with a tensor that no binding of the device can hold.
 * @throws AdapterFitError saying how much is short, and with which settings it would fit
 */
export function checkFits(
  modelConfig: unknown,
  options: FinetuneOptions,
  plan: RunPlan,
  traits: DeviceTraits
): void {
  if (!plan.tooLarge) return;
  const { tensor, bytes } = plan.tooLarge;
  const change = findFittingChange(modelConfig, options, traits, Infinity);
  throw new AdapterFitError(
    `${tensor} needs ${megabytes(bytes)} in one piece; this GPU allows ${megabytes(traits.maxTensorBytes)}, ${megabytes(bytes - traits.maxTensorBytes)} short. ${change ? `It would fit with: ${change.text}.` : 'Choose a smaller model.'}`,
    { details: { tensor, bytes, limit: traits.maxTensorBytes, change: change?.options } }
  );
}
