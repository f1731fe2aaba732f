/** Runs that a GPU cannot hold, and what a person would give up so that it can. */
import { TabtuneError } from '../errors';
import type { FinetuneOptions } from './options';
import { planRun, type DeviceTraits, type RunPlan } from './plan-run';

/** The run needs more than the GPU can give. */
export class AdapterFitError extends TabtuneError {}

/** A change of settings with which a run fits. */
export interface FittingChange {
  readonly options: Partial<FinetuneOptions>;
  /** `length 512, batch size 2 with accumulation 4`. */
  readonly text: string;
  readonly plannedBytes: number;
}

type Change = Partial<FinetuneOptions>;

/** Below these an adapter learns too little to be advised. */
const MIN_LENGTH = 32;
const MIN_RANK = 4;

/** What a person can give up, in that order, each from the least to the most. */
const WAYS: readonly ((options: FinetuneOptions, longest: number) => Change[])[] = [
  ({ maxLength }, longest) =>
    halves(Math.min(maxLength, longest), MIN_LENGTH).map((length) => ({ maxLength: length - (length % 8) })),
  // A step sees as many rows as before.
  ({ batchSize, gradAccum }) =>
    halves(batchSize, 1).map((batch) => ({
      batchSize: batch,
      gradAccum: Math.max(1, Math.round((gradAccum * batchSize) / batch))
    })),
  ({ rank, alpha }) => halves(rank, MIN_RANK).map((less) => ({ rank: less, alpha: (alpha * less) / rank })),
  ({ checkpointing }) => (checkpointing === 'on' ? [] : [{ checkpointing: 'on' }]),
  ({ method }) => (method === 'qlora' ? [] : [{ method: 'qlora' }])
];

/**
 * Looks for the smallest change with which every tensor of a run fits: one thing given up, else several, and nothing that is
 * not needed, in the order length, batch (with accumulation, so that a step stays the same), rank, checkpointing, quantisation.
 * @param modelConfig the object of config.json
 * @param longest longest row in tokens after cutting; options.maxLength when unknown
 * @throws UnsupportedModelError
 */
export function findFittingChange(
  modelConfig: unknown,
  options: FinetuneOptions,
  traits: DeviceTraits,
  longest = options.maxLength
): FittingChange | undefined {
  const ways = WAYS.map((way) => way(options, longest));
  const planned = (given: readonly Change[]): FittingChange | undefined => {
    const change = Object.assign({}, ...given) as Change;
    const plan = planRun(modelConfig, { ...options, ...change }, traits, longest);
    return plan.tooLarge
      ? undefined
      : { options: change, text: words(change), plannedBytes: plan.plannedBytes };
  };
  const all = ways.map((changes) => changes.at(-1) ?? {});
  const alone = ways.map((_, way) => all.map((most, each) => (each === way ? most : {})));
  const given = [...alone, all].find((most) => planned(most));
  if (!given) return undefined;
  // What comes last in the order is taken back first, as far as it goes.
  for (const [way, changes] of [...ways.entries()].reverse()) {
    const less = [{}, ...changes].map((change) => given.with(way, change));
    given[way] = (less.find((each) => planned(each)) ?? given)[way];
  }
  return planned(given);
}

/**
 * What is short, and what to do: `layer 0 qkv needs 192 MiB in one piece; this GPU allows 128 MiB, 64 MiB short. It would
 * fit with: length 1024.`
 * @returns undefined where the plan fits
 */
export function adviceOf(
  modelConfig: unknown,
  options: FinetuneOptions,
  plan: RunPlan,
  traits: DeviceTraits,
  longest?: number
): { text: string; change?: FittingChange } | undefined {
  if (!plan.tooLarge) return undefined;
  const { tensor, bytes } = plan.tooLarge;
  const change = findFittingChange(modelConfig, options, traits, longest);
  const short = `${tensor} needs ${mebibytes(bytes)} in one piece; this GPU allows ${mebibytes(traits.maxTensorBytes)}, ${mebibytes(bytes - traits.maxTensorBytes)} short.`;
  return change
    ? { text: `${short} It would fit with: ${change.text}.`, change }
    : { text: `${short} Choose a smaller model.` };
}

/**
 * Refuses a plan with a tensor that no binding of the device can hold.
 * @throws AdapterFitError saying how much is short, and with which settings it would fit
 */
export function checkFits(
  modelConfig: unknown,
  options: FinetuneOptions,
  plan: RunPlan,
  traits: DeviceTraits,
  longest?: number
): void {
  const advice = adviceOf(modelConfig, options, plan, traits, longest);
  if (!advice) return;
  throw new AdapterFitError(advice.text, {
    details: { ...plan.tooLarge, limit: traits.maxTensorBytes, change: advice.change?.options }
  });
}

/** Half of it, a quarter of it…, not below `least`. */
function halves(value: number, least: number): number[] {
  const found: number[] = [];
  for (let half = Math.floor(value / 2); half >= least; half = Math.floor(half / 2)) found.push(half);
  return found;
}

function words({ maxLength, batchSize, gradAccum, rank, alpha, checkpointing, method }: Change): string {
  return [
    ...(maxLength === undefined ? [] : [`length ${maxLength}`]),
    ...(batchSize === undefined ? [] : [`batch size ${batchSize} with accumulation ${gradAccum}`]),
    ...(rank === undefined ? [] : [`rank ${rank} with alpha ${alpha}`]),
    ...(checkpointing === undefined ? [] : ['checkpointing on']),
    ...(method === undefined ? [] : ['QLoRA'])
  ].join(', ');
}

const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0)} MiB`;
