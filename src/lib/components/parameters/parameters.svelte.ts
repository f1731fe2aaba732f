import { readSetting, writeSetting } from '$lib/components/app/settings';
import type { ParameterValues } from '$lib/workers/protocol';
import { checkParameter, parseTargets, type ParameterSpec } from '$lib/jobs/options';

/** Under this name only what the person set is kept: what suits one model does not stay behind for the next. */
const SETTING = 'changed parameters';

/** The parameters of the next run: what suits the model and the rows that are chosen, and what the person set instead. */
export class ParametersState {
  readonly specs: readonly ParameterSpec[];
  /** What the person set, by the parameter's name. */
  changed = $state<ParameterValues>({});
  readonly #storage: Storage;
  readonly #suggest: () => Partial<ParameterValues>;

  /** @param suggest what suits the model and the rows, where that is another value than the parameter's default */
  constructor(
    specs: readonly ParameterSpec[],
    storage: Storage,
    suggest: () => Partial<ParameterValues> = () => ({})
  ) {
    this.specs = specs;
    this.#storage = storage;
    this.#suggest = suggest;
    const kept = readSetting(storage, SETTING, isValues) ?? {};
    for (const spec of specs) {
      const value = kept[spec.name];
      // A parameter may have changed its range since the value was kept.
      if (value !== undefined && checkValue(spec, value) === undefined) this.changed[spec.name] = value;
    }
  }

  /** What a run takes where the person sets nothing. */
  readonly defaults: ParameterValues = $derived.by(() => {
    const suggested = this.#suggest();
    return Object.fromEntries(this.specs.map(({ name, default: value }) => [name, suggested[name] ?? value]));
  });

  readonly values: ParameterValues = $derived.by(() => ({ ...this.defaults, ...this.changed }));

  /** Why a run cannot start with a value, by the parameter's name. */
  readonly problems = $derived.by(() => {
    const problems: Record<string, string> = {};
    for (const spec of this.specs) {
      const problem = checkValue(spec, this.values[spec.name]);
      if (problem) problems[spec.name] = problem;
    }
    return problems;
  });

  readonly valid = $derived(Object.keys(this.problems).length === 0);

  number(name: string): number {
    return Number(this.values[name]);
  }

  /** Sets a parameter, for this model and every other; to its default, it follows that again. */
  set(name: string, value: number | string | boolean): void {
    const { [name]: _, ...others } = this.changed;
    this.changed = value === this.defaults[name] ? others : { ...others, [name]: value };
    this.#keep();
  }

  /** Takes back what the person set, of all parameters or of some. */
  reset(names: readonly string[] = Object.keys(this.changed)): void {
    this.changed = Object.fromEntries(Object.entries(this.changed).filter(([name]) => !names.includes(name)));
    this.#keep();
  }

  #keep(): void {
    writeSetting(this.#storage, SETTING, $state.snapshot(this.changed));
  }
}

function isValues(value: unknown): value is ParameterValues {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((entry) => ['number', 'string', 'boolean'].includes(typeof entry))
  );
}

/** Why a value cannot be used, or undefined. */
export function checkValue(spec: ParameterSpec, value: unknown): string | undefined {
  const problem = checkParameter(spec, value);
  if (problem || spec.name !== 'targets') return problem;
  try {
    parseTargets(String(value));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
