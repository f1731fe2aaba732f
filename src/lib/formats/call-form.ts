import { TemplateRunError } from './jinja/limits';

/** A call as rows have it: OpenAI's, the arguments an object or its JSON. */
export interface TemplateCall {
  id?: string;
  type: 'function';
  function: { name: string; arguments: string | { [key: string]: unknown } };
}

/** How a template takes a turn that calls: what stands where nothing is said, and its arguments. */
export interface CallForm {
  content: '' | null;
  arguments: 'object' | 'string';
}

/** In the order of trial. */
export const CALL_FORMS: readonly CallForm[] = [
  { content: '', arguments: 'object' },
  { content: '', arguments: 'string' },
  { content: null, arguments: 'object' },
  { content: null, arguments: 'string' }
];

/** A call by which forms are tried; some templates ask for ids of nine letters. */
export const PROBE_CALL: TemplateCall = {
  id: 'abcdefgh1',
  type: 'function',
  function: { name: 'probedFunction', arguments: { probedKey: 'probedValue' } }
};

/** Whether a template that was given the probe in this form wrote it, and as JSON or in words of its own. */
export function showsCall(form: CallForm, text: string): boolean {
  if (!text.includes('probedFunction')) return false;
  if (form.arguments === 'string') return text.includes('{"probedKey": "probedValue"}');
  // Python's own way to show a dict is what a template makes of an object that it takes for text.
  return text.includes('probedKey') && text.includes('probedValue') && !text.includes("'probedKey'");
}

/** The turn in that form. @throws TemplateRunError where arguments that must be an object are no JSON of one */
export function withForm(
  message: { content: string; tool_calls?: readonly TemplateCall[] },
  form: CallForm
): Record<string, unknown> {
  const calls = (message.tool_calls ?? []).map((call) => {
    const { name, arguments: given } = call.function;
    const args = form.arguments === 'object' ? toObject(given, name) : toText(given);
    return { ...call, function: { name, arguments: args } };
  });
  return { ...message, content: message.content === '' ? form.content : message.content, tool_calls: calls };
}

/** JSON with the spaces that Python's `json.dumps` puts. */
function toText(given: unknown): string {
  if (typeof given === 'string') return given;
  const write = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`;
    const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${write(item)}`);
    return `{${entries.join(', ')}}`;
  };
  return write(given);
}

function toObject(given: string | object, name: string): object {
  if (typeof given !== 'string') return given;
  try {
    const value: unknown = JSON.parse(given.trim() === '' ? '{}' : given);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below.
  }
  throw new TemplateRunError(`the arguments of the call of "${name}" are no JSON object`);
}
