import { readSetting, writeSetting } from '$lib/components/app/settings';
import type { ParameterValues } from '$lib/workers/protocol';
import { checkParameter, parseTargets, type ParameterSpec } from '$lib/jobs/options';

/** The parameters of the next run. */
export class ParametersState {
  readonly specs: readonly ParameterSpec[];
  values = $state<ParameterValues>({});
  readonly #storage: Storage;

  constructor(specs: readonly ParameterSpec[], storage: Storage) {
    this.specs = specs;
    this.#storage = storage;
    this.values = this.#defaults();
    const kept = readSetting(storage, 'parameters', isValues) ?? {};
    for (const spec of specs) {
      const value = kept[spec.name];
      // A parameter may have changed its range since the value was kept.
      if (value !== undefined && checkValue(spec, value) === undefined) this.values[spec.name] = value;
    }
  }

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

  set(name: string, value: number | string | boolean): void {
    this.values[name] = value;
    writeSetting(this.#storage, 'parameters', $state.snapshot(this.values));
  }

  reset(): void {
    this.values = this.#defaults();
    writeSetting(this.#storage, 'parameters', {});
  }

  #defaults(): ParameterValues {
    return Object.fromEntries(this.specs.map((spec) => [spec.name, spec.default]));
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
