import { TabtuneError } from '../errors';
import { isDay, today } from '../formats/jinja/strftime';
import { targetNames } from '../formats/peft';
import type { Scheduler } from '../gpu/train/schedule';
import { projections, type Projection } from '../gpu/model/weights';

/** A training parameter has a value that cannot be used. */
export class InvalidOptionError extends TabtuneError {}

/** Everything that decides a run besides the model and the rows. The form of the page, the flags of the CLI and their help are made from {@link parameterSpecs}. */
export interface FinetuneOptions {
  readonly method: 'qlora' | 'lora';
  readonly learningRate: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly maxLength: number;
  readonly rank: number;
  readonly alpha: number;
  /** 0: all steps of the epochs. */
  readonly maxSteps: number;
  readonly gradAccum: number;
  readonly scheduler: Scheduler;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly dropout: number;
  /** `all-linear`, or projections separated by commas. */
  readonly targets: string;
  readonly rsLora: boolean;
  readonly trainOn: 'answers' | 'everything';
  readonly shuffle: boolean;
  readonly seed: number;
  /** What the model's chat template is told today is; '' for the day on which the run begins. */
  readonly date: string;
  readonly checkpointing: 'auto' | 'on' | 'off';
}

/** A parameter as data. */
export interface ParameterSpec {
  readonly name: keyof FinetuneOptions;
  readonly label: string;
  /** One line: what it does and when to change it. */
  readonly help: string;
  readonly kind: 'number' | 'integer' | 'choice' | 'boolean' | 'text';
  readonly default: number | string | boolean;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  readonly advanced: boolean;
}

export const parameterSpecs: readonly ParameterSpec[] = [
  {
    name: 'learningRate',
    label: 'Learning rate',
    help: 'How far each step goes. Smaller if the loss jumps, larger if it barely moves.',
    kind: 'number',
    default: 2e-3,
    min: 0,
    max: 1,
    advanced: false
  },
  {
    name: 'epochs',
    label: 'Epochs',
    help: 'How often all rows are read. More for few rows, fewer when held-out answers get worse.',
    kind: 'number',
    default: 3,
    min: 0.01,
    max: 1000,
    advanced: false
  },
  {
    name: 'batchSize',
    label: 'Batch size',
    help: 'Rows that the GPU takes at a time. Larger is steadier and needs more memory.',
    kind: 'integer',
    default: 8,
    min: 1,
    max: 256,
    step: 1,
    advanced: false
  },
  {
    name: 'maxLength',
    label: 'Length',
    help: 'Longest row in tokens; the end of longer rows is cut off, and shown.',
    kind: 'integer',
    default: 256,
    min: 8,
    max: 32768,
    step: 8,
    advanced: false
  },
  {
    name: 'rank',
    label: 'Rank',
    help: 'Size of the adapter: 8 to 32 is usual. Larger learns more and weighs more.',
    kind: 'integer',
    default: 16,
    min: 1,
    max: 256,
    step: 1,
    advanced: false
  },
  {
    name: 'alpha',
    label: 'Alpha',
    help: 'Strength of the adapter: what it says is scaled by alpha / rank. Twice the rank is usual.',
    kind: 'number',
    default: 32,
    min: 0.1,
    max: 1024,
    advanced: false
  },
  {
    name: 'method',
    label: 'Method',
    help: 'QLoRA keeps the base in 4 bits; LoRA in 16 bits, more exact and four times as large.',
    kind: 'choice',
    default: 'qlora',
    choices: [
      { value: 'qlora', label: 'QLoRA' },
      { value: 'lora', label: 'LoRA' }
    ],
    advanced: false
  },
  {
    name: 'maxSteps',
    label: 'Most steps',
    help: 'Ends the run after this many steps; 0 runs all epochs.',
    kind: 'integer',
    default: 0,
    min: 0,
    max: 1e7,
    step: 1,
    advanced: true
  },
  {
    name: 'gradAccum',
    label: 'Accumulation',
    help: 'Batches whose gradients add up to one step: a larger batch without its memory.',
    kind: 'integer',
    default: 1,
    min: 1,
    max: 1024,
    step: 1,
    advanced: true
  },
  {
    name: 'scheduler',
    label: 'Schedule',
    help: 'How the learning rate goes down after the warm-up.',
    kind: 'choice',
    default: 'cosine',
    choices: [
      { value: 'linear', label: 'Linear' },
      { value: 'cosine', label: 'Cosine' },
      { value: 'constant', label: 'Constant' }
    ],
    advanced: true
  },
  {
    name: 'warmupSteps',
    label: 'Warm-up steps',
    help: 'Steps in which the learning rate rises from zero, so that the start is gentle.',
    kind: 'integer',
    default: 5,
    min: 0,
    max: 100000,
    step: 1,
    advanced: true
  },
  {
    name: 'weightDecay',
    label: 'Weight decay',
    help: 'Pulls the adapter towards zero at each step; 0 to 0.1 is usual.',
    kind: 'number',
    default: 0.01,
    min: 0,
    max: 10,
    advanced: true
  },
  {
    name: 'maxGradNorm',
    label: 'Gradient clipping',
    help: 'Largest gradient norm of a step; longer gradients are shortened to it. 0 turns it off.',
    kind: 'number',
    default: 1,
    min: 0,
    max: 1e6,
    advanced: true
  },
  {
    name: 'dropout',
    label: 'Dropout',
    help: "Share of the adapter's input that is hidden at random, against learning by heart.",
    kind: 'number',
    default: 0,
    min: 0,
    max: 0.9,
    advanced: true
  },
  {
    name: 'targets',
    label: 'Targets',
    help: `Projections that get an adapter: all-linear, or some of ${projections.join(', ')}.`,
    kind: 'text',
    default: 'all-linear',
    advanced: true
  },
  {
    name: 'rsLora',
    label: 'Rank-stabilised',
    help: 'Scales by alpha / sqrt(rank), so that large ranks keep their strength.',
    kind: 'boolean',
    default: false,
    advanced: true
  },
  {
    name: 'trainOn',
    label: 'Train on',
    help: 'Answers only, or everything including the questions.',
    kind: 'choice',
    default: 'answers',
    choices: [
      { value: 'answers', label: 'Answers' },
      { value: 'everything', label: 'Everything' }
    ],
    advanced: true
  },
  {
    name: 'shuffle',
    label: 'Shuffle',
    help: 'Another order of the rows in each epoch; the seed decides which.',
    kind: 'boolean',
    default: true,
    advanced: true
  },
  {
    name: 'seed',
    label: 'Seed',
    help: 'The same seed on the same device gives the same run to the last bit.',
    kind: 'integer',
    default: 42,
    min: 0,
    max: 2 ** 32 - 1,
    step: 1,
    advanced: true
  },
  {
    name: 'date',
    label: 'Date',
    help: "What the model's chat template is told today is, as 2026-12-01; empty is the day of the run.",
    kind: 'text',
    default: '',
    advanced: true
  },
  {
    name: 'checkpointing',
    label: 'Checkpointing',
    help: "Computes a layer's values again in the backward pass instead of keeping them: slower by a third, far less memory.",
    kind: 'choice',
    default: 'auto',
    choices: [
      { value: 'auto', label: 'When needed' },
      { value: 'on', label: 'On' },
      { value: 'off', label: 'Off' }
    ],
    advanced: true
  }
];

export const defaultOptions = Object.fromEntries(
  parameterSpecs.map((s) => [s.name, s.default])
) as unknown as FinetuneOptions;

/**
 * Fills in defaults and checks every value.
 * @throws InvalidOptionError naming the parameter, its value and what it may be
 */
export function completeOptions(given: Partial<Record<keyof FinetuneOptions, unknown>>): FinetuneOptions {
  for (const spec of parameterSpecs) {
    const problem = given[spec.name] === undefined ? undefined : checkParameter(spec, given[spec.name]);
    if (problem)
      throw new InvalidOptionError(
        `${spec.label} (${spec.name}) is ${JSON.stringify(given[spec.name])}: ${problem}`,
        { details: { option: spec.name, value: given[spec.name] } }
      );
  }
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options = { ...defaultOptions, ...defined } as FinetuneOptions;
  parseTargets(options.targets);
  if (options.date !== '' && !isDay(options.date)) {
    throw new InvalidOptionError(
      `Date (date) is ${JSON.stringify(options.date)}: write a day such as 2026-12-01, or nothing.`,
      { details: { option: 'date', value: options.date } }
    );
  }
  return options;
}

/** The options with a day: theirs, or the one it is. A run has one from its beginning on, however long it takes. */
export function datedOptions(options: FinetuneOptions): FinetuneOptions {
  return options.date === '' ? { ...options, date: today() } : options;
}

/** Why a value cannot be used, or undefined. */
export function checkParameter(spec: ParameterSpec, value: unknown): string | undefined {
  switch (spec.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'Choose yes or no.';
    case 'choice':
      return spec.choices?.some((c) => c.value === value)
        ? undefined
        : `Choose one of ${spec.choices?.map((c) => c.value).join(', ')}.`;
    case 'text':
      return typeof value === 'string' ? undefined : 'Write a text.';
    default:
      if (typeof value !== 'number' || !Number.isFinite(value)) return 'Write a number.';
      if (spec.kind === 'integer' && !Number.isInteger(value)) return 'Write a whole number.';
      if (spec.min !== undefined && value < spec.min) return `At least ${spec.min}.`;
      if (spec.max !== undefined && value > spec.max) return `At most ${spec.max}.`;
      return undefined;
  }
}

/** @throws InvalidOptionError naming the unknown projection */
export function parseTargets(text: string): Projection[] {
  const names = targetNames(text);
  const unknown = names.find((n) => !(projections as readonly string[]).includes(n));
  if (unknown !== undefined || names.length === 0) {
    throw new InvalidOptionError(
      `Targets (targets) has ${unknown === undefined ? 'no projection' : `"${unknown}"`}. Write all-linear, or some of ${projections.join(', ')}.`,
      { details: { option: 'targets', value: text } }
    );
  }
  return projections.filter((p) => names.includes(p));
}
