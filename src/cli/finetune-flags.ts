import { TARGET_MODULES, type Adapter } from '../lib/formats/peft';
import {
  completeOptions,
  datedOptions,
  parameterSpecs,
  parseTargets,
  type FinetuneOptions,
  type ParameterSpec
} from '../lib/jobs/options';
import { starterOptions } from '../lib/jobs/starter';
import { choiceFlag, numberFlag, textFlag, UsageError, type Flags, type FlagSpec } from './args';

/** The parameters that have a flag, in the order of the help, with what stands for their value. */
const parameterFlags: readonly (readonly [flag: string, name: keyof FinetuneOptions, value?: string])[] = [
  ['method', 'method', 'qlora|lora'],
  ['epochs', 'epochs', 'N'],
  ['max-steps', 'maxSteps', 'N'],
  ['batch-size', 'batchSize', 'N'],
  ['grad-accum', 'gradAccum', 'N'],
  ['max-length', 'maxLength', 'N'],
  ['learning-rate', 'learningRate', 'X'],
  ['scheduler', 'scheduler', 'linear|cosine|constant'],
  ['warmup-steps', 'warmupSteps', 'N'],
  ['weight-decay', 'weightDecay', 'X'],
  ['max-grad-norm', 'maxGradNorm', 'X'],
  ['rank', 'rank', 'N'],
  ['alpha', 'alpha', 'N'],
  ['dropout', 'dropout', 'X'],
  ['targets', 'targets', 'LIST'],
  ['rslora', 'rsLora'],
  ['train-on', 'trainOn', 'answers|everything'],
  ['checkpointing', 'checkpointing', 'auto|on|off'],
  ['seed', 'seed', 'N'],
  ['date', 'date', 'DAY']
];

/** Those that go by the model and the rows (`jobs/suggest.ts`). */
const SUGGESTED: readonly (keyof FinetuneOptions)[] = [
  ...(['learningRate', 'epochs', 'batchSize', 'gradAccum', 'maxLength'] as const)
];

const specOf = (name: keyof FinetuneOptions): ParameterSpec => parameterSpecs.find((s) => s.name === name)!;

export const finetuneFlags: readonly FlagSpec[] = [
  {
    name: 'model',
    value: 'starter|DIR|FILE.gguf|hub:ID',
    help: 'Base model: the starter, a Hugging Face folder, a GGUF file, or hub:owner/name[@revision][:file.gguf]. (starter)'
  },
  {
    name: 'data',
    value: 'FILE',
    help: "Rows to train on, such as FILE.jsonl, a table or a document, or a Datanet, FILE.datanet. (the starter's own, where the model is the starter)"
  },
  {
    name: 'purpose',
    value: 'TEXT',
    help: 'What the run is for, where the rules of a Datanet allow some purposes only.'
  },
  {
    name: 'out',
    value: 'DIR',
    help: 'Folder for the adapter; an adapter that lies there is replaced. (./adapter)'
  },
  ...parameterFlags.map(([name, parameter, value]) => ({
    name,
    ...(value ? { value } : {}),
    help:
      specOf(parameter).kind === 'boolean' || specOf(parameter).default === ''
        ? specOf(parameter).help
        : `${specOf(parameter).help} (${SUGGESTED.includes(parameter) ? 'by the model and the rows' : specOf(parameter).default})`
  })),
  { name: 'adapter', value: 'DIR', help: 'Adapter to start from; its rank, alpha and targets are kept.' },
  { name: 'no-shuffle', help: 'Reads the rows in the order of the file in every epoch.' },
  { name: 'json', help: 'Prints run.json on stdout, and nothing else there.' }
];

/** What the starter's defaults change, for the help. */
export const starterNote =
  'Values in parentheses are the defaults. On its own rows the starter has others: ' +
  `${parameterFlags
    .filter(([, name]) => starterOptions[name] !== undefined && starterOptions[name] !== specOf(name).default)
    .map(([flag, name]) => `--${flag} ${starterOptions[name]}`)
    .join(' ')}.`;

function givenOptions(flags: Flags): Partial<Record<keyof FinetuneOptions, unknown>> {
  const given: Partial<Record<keyof FinetuneOptions, unknown>> = {};
  for (const [flag, name] of parameterFlags) {
    const { kind, choices, min, max } = specOf(name);
    const value =
      kind === 'boolean'
        ? flags.has(flag) || undefined
        : kind === 'choice'
          ? choiceFlag(
              flags,
              flag,
              choices!.map((c) => c.value)
            )
          : kind === 'text'
            ? textFlag(flags, flag)
            : numberFlag(flags, flag, {
                integer: kind === 'integer',
                ...(min === undefined ? {} : { min }),
                ...(max === undefined ? {} : { max })
              });
    if (value !== undefined) given[name] = value;
  }
  if (flags.has('no-shuffle')) given.shuffle = false;
  return given;
}

/**
 * The options of a run: what was written, over what an adapter to start from demands, over what suits the model and the rows.
 * @param starter whether the starter model is trained on its own rows
 * @param suggested what suits another model and other rows, once they are known
 * @throws UsageError for values that mean nothing and for flags that contradict the adapter
 */
export function finetuneOptions(
  flags: Flags,
  starter: boolean,
  adapter?: Adapter,
  suggested: Partial<FinetuneOptions> = {}
): FinetuneOptions {
  const given = givenOptions(flags);
  const defaults = starter ? starterOptions : suggested;
  const targets = given.targets === undefined ? undefined : readTargets(given.targets as string);
  if (!adapter) return datedOptions(completeOptions({ ...defaults, ...given }));
  const { rank, alpha, rsLora, targetModules } = adapter.config;
  const contradictions = [
    ...(given.rank !== undefined && given.rank !== rank
      ? [`--rank ${given.rank as number}, and it has ${rank}`]
      : []),
    ...(given.alpha !== undefined && given.alpha !== alpha
      ? [`--alpha ${given.alpha as number}, and it has ${alpha}`]
      : []),
    ...(given.rsLora !== undefined && given.rsLora !== rsLora
      ? ['--rslora, and it is scaled by alpha / rank']
      : []),
    ...(targets && targets.join() !== targetModules.join()
      ? [`--targets ${targets.join()}, and it has ${targetModules.join()}`]
      : [])
  ];
  if (contradictions.length > 0) {
    throw new UsageError(
      `The adapter to start from does not fit ${contradictions.join('; ')}. Leave the flag out, or start without --adapter.`
    );
  }
  const shape = {
    rank,
    alpha,
    rsLora,
    targets: targetModules.length === TARGET_MODULES.length ? 'all-linear' : targetModules.join()
  };
  return datedOptions(completeOptions({ ...defaults, ...given, ...shape }));
}

function readTargets(text: string): string[] {
  try {
    return parseTargets(text);
  } catch (error) {
    throw new UsageError(
      `--targets is ${JSON.stringify(text)}: write all-linear, or some of ${TARGET_MODULES.join(', ')}, with commas.`,
      { cause: error }
    );
  }
}
