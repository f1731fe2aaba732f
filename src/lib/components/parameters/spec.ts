/** A parameter as data: the form, its help and its checks are made from it. */
export interface ParameterSpec {
  name: string;
  label: string;
  /** One line: what it does and when to change it. */
  help: string;
  kind: 'number' | 'integer' | 'choice' | 'boolean' | 'text';
  default: number | string | boolean;
  min?: number;
  max?: number;
  step?: number;
  choices?: readonly { value: string; label: string }[];
  advanced: boolean;
}

/** Why a value cannot be used, or undefined. */
export function checkValue(spec: ParameterSpec, value: unknown): string | undefined {
  switch (spec.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'Choose yes or no.';
    case 'choice':
      return spec.choices?.some((choice) => choice.value === value)
        ? undefined
        : `Choose one of ${spec.choices?.map((choice) => choice.label).join(', ')}.`;
    case 'text':
      return typeof value === 'string' ? undefined : 'Write a text.';
    case 'integer':
    case 'number':
      return checkNumber(spec, value);
  }
}

function checkNumber(spec: ParameterSpec, value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'Write a number.';
  if (spec.kind === 'integer' && !Number.isInteger(value)) return 'Write a whole number.';
  if (spec.min !== undefined && value < spec.min) return `At least ${spec.min}.`;
  if (spec.max !== undefined && value > spec.max) return `At most ${spec.max}.`;
  return undefined;
}
