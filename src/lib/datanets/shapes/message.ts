import { z } from 'zod';
import type { Message } from '../row';
import { isCall, roleOf } from './roles';
import { check, ShapeProblem } from './shape';
import { isObject, readCall, readCallText, readCalls } from './tools';

/** Parts of a content that are words. */
const WORDS = new Set(['text', 'input_text', 'output_text']);
/** Parts of a content, and fields of a message, that are what the assistant thought. */
const THOUGHTS = ['reasoning_content', 'reasoning', 'thinking'] as const;

/** Whether a turn is trained on, in the words of OpenAI, Axolotl and Swift. */
const TRAINED = ['weight', 'train', 'training', 'loss'] as const;
/** What would change the training in a way that is not computed. */
const NOT_COMPUTED = ['train_detail', 'loss_scale', 'audio', 'refusal', 'images'] as const;

/** A placeholder for what is no text, alone on its line. */
const PLACEHOLDER = /^\s*<(image|video|audio)>\s*$/m;

// Made once: to make a schema takes longer than to read a row.
const roleSchema = z.string().min(1, 'the role is empty');
const speakerSchema = z.string().min(1, 'the speaker is empty');
const partsSchema = z.array(z.looseObject({ type: z.string(), text: z.string().optional() }), {
  error: 'expected text or a list of text parts'
});
const listSchema = z.array(z.unknown(), { error: 'expected a list of messages' });

/**
 * Reads one turn: OpenAI's `{role, content}`, or ShareGPT's `{from, value}`.
 * @throws ShapeProblem that names the field
 */
export function readMessage(value: unknown, path: readonly PropertyKey[]): Message {
  const field = pathText(path);
  if (!isObject(value)) throw new ShapeProblem(`${field}: expected a turn`);
  const [who, what] = 'role' in value || !('from' in value) ? ['role', 'content'] : ['from', 'value'];
  const speaker = check(who === 'role' ? roleSchema : speakerSchema, value[who], [...path, who]);
  for (const name of NOT_COMPUTED) {
    if (says(value[name])) throw new ShapeProblem(`${field}.${name}: is not trained on here`);
  }
  if (isCall(speaker)) {
    const calls = readCallText(value[what], `${field}.${what}`);
    return withWeight({ role: 'assistant', content: '', tool_calls: calls }, value, field);
  }
  const role = roleOf(speaker);
  const calls =
    readCalls(value.tool_calls, `${field}.tool_calls`) ??
    (says(value.function_call) ? [readCall(value.function_call, `${field}.function_call`)] : undefined);
  if (calls && role !== 'assistant') throw new ShapeProblem(`${field}: only the assistant can call tools`);
  const { content, thought } = readContent(value[what], [...path, what], calls !== undefined);
  const placeholder = PLACEHOLDER.exec(content);
  if (placeholder) {
    throw new ShapeProblem(
      `${field}.${what}: stands for ${placeholder[0].trim()}, and only text can be trained on`
    );
  }
  const reasoning = thought ?? readThought(value, field);
  if (reasoning && role !== 'assistant') throw new ShapeProblem(`${field}: only the assistant has reasoning`);
  const answers = optionalText(value.tool_call_id, `${field}.tool_call_id`);
  const name = optionalText(value.name, `${field}.name`);
  const message: Message = {
    ...{ role, content },
    ...(reasoning ? { reasoning } : {}),
    ...(calls ? { tool_calls: calls } : {}),
    ...(answers ? { tool_call_id: answers } : {}),
    ...(name ? { name } : {})
  };
  return withWeight(message, value, field);
}

/** Reads a list of turns found under `field`. @throws ShapeProblem */
export function readMessages(value: unknown, field: string): Message[] {
  const list = check(listSchema, value, [field]);
  return list.map((item, i) => readMessage(item, [field, i]));
}

/** Text, or the list of parts that newer exports write; beside calls there may be nothing. */
function readContent(
  value: unknown,
  path: readonly PropertyKey[],
  called: boolean
): { content: string; thought?: string } {
  if (typeof value === 'string') return { content: value };
  if (called && (value === null || value === undefined)) return { content: '' };
  const parts = check(partsSchema, value, path);
  const words: string[] = [];
  const thoughts: string[] = [];
  parts.forEach((part, i) => {
    const thought = (THOUGHTS as readonly string[]).includes(part.type)
      ? (part[part.type] ?? part.text)
      : undefined;
    if (typeof thought === 'string') thoughts.push(thought);
    else if (WORDS.has(part.type) && part.text !== undefined) words.push(part.text);
    else throw new ShapeProblem(`${pathText(path)}[${i}]: only text can be trained on, got "${part.type}"`);
  });
  return { content: words.join(''), ...(thoughts.length > 0 ? { thought: thoughts.join('') } : {}) };
}

function readThought(value: Record<string, unknown>, field: string): string | undefined {
  for (const name of THOUGHTS) {
    const thought = optionalText(value[name], `${field}.${name}`);
    if (thought) return thought;
  }
  return undefined;
}

/** The message with the weight that its object states. @throws ShapeProblem for weights that are not computed */
function withWeight(message: Message, value: Record<string, unknown>, field: string): Message {
  for (const name of TRAINED) {
    const given = value[name];
    if (given === undefined || given === null) continue;
    if (typeof given !== 'boolean' && given !== 0 && given !== 1) {
      throw new ShapeProblem(
        `${field}.${name}: is ${JSON.stringify(given)}; a turn is trained on (1) or only read (0), nothing between`
      );
    }
    if (message.role !== 'assistant') {
      if (given) throw new ShapeProblem(`${field}.${name}: only turns of the assistant are trained on`);
      continue;
    }
    if (!given) return { ...message, weight: 0 };
  }
  return message;
}

function optionalText(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new ShapeProblem(`${field}: expected text`);
  return value;
}

/** Whether a field says anything: exporters write null, false or an empty list where it does not. */
export function says(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  return Array.isArray(value) ? value.length > 0 : true;
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i ? '.' : ''}${String(key)}`))
    .join('');
}
