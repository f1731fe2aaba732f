import type { Json, Tool, ToolCall } from '../row';
import { ShapeProblem } from './shape';

/** Calls and tools nest; deeper ones are no data of this kind. */
const MAX_DEPTH = 32;

type JsonObject = { [key: string]: Json };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands in a text as JSON, as tables and older exports write nested values; anything else as it is. */
function unwrap(value: unknown, field: string): unknown {
  if (typeof value !== 'string') return value;
  if (value.trim() === '') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    throw new ShapeProblem(`${field}: expected JSON`);
  }
}

/** The value as plain JSON. @throws ShapeProblem where it nests too deep, or is none */
function requireJson(value: unknown, field: string, depth = 0): Json {
  if (depth > MAX_DEPTH) throw new ShapeProblem(`${field}: nested deeper than ${MAX_DEPTH}`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item) => requireJson(item, field, depth + 1));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, requireJson(item, field, depth + 1)])
    );
  }
  throw new ShapeProblem(`${field}: expected JSON`);
}

function requireObject(value: unknown, field: string): JsonObject {
  if (!isObject(value)) throw new ShapeProblem(`${field}: expected an object`);
  return requireJson(value, field) as JsonObject;
}

/** Reads the calls of a turn: OpenAI's list, or its JSON. Undefined where there are none. @throws ShapeProblem */
export function readCalls(value: unknown, field: string): ToolCall[] | undefined {
  const list = unwrap(value, field) ?? [];
  if (!Array.isArray(list)) throw new ShapeProblem(`${field}: expected a list of calls`);
  if (list.length === 0) return undefined;
  return list.map((call, i) => readCall(call, `${field}[${i}]`));
}

/**
 * Reads one call: `{"id", "type": "function", "function": {"name", "arguments"}}`, or `{"name", "arguments"}` alone. The
 * arguments stay as they came, an object or its JSON.
 */
export function readCall(value: unknown, field: string): ToolCall {
  if (!isObject(value)) throw new ShapeProblem(`${field}: expected a call`);
  const { id, type } = value;
  if (type !== undefined && type !== null && type !== 'function') {
    throw new ShapeProblem(`${field}.type: only functions can be called, got ${JSON.stringify(type)}`);
  }
  const called = isObject(value.function) ? value.function : value;
  const { name, arguments: given } = called;
  if (typeof name !== 'string' || name === '') throw new ShapeProblem(`${field}: the call has no name`);
  if (id !== undefined && id !== null && typeof id !== 'string') {
    throw new ShapeProblem(`${field}.id: expected text`);
  }
  const args = typeof given === 'string' ? given : requireObject(given ?? {}, `${field}.arguments`);
  return { ...(id ? { id } : {}), type: 'function', function: { name, arguments: args } };
}

/** Reads a turn that is a call, or several, as JSON text. @throws ShapeProblem */
export function readCallText(text: unknown, field: string): ToolCall[] {
  const value = typeof text === 'string' ? unwrap(text, field) : text;
  return (Array.isArray(value) ? value : [value]).map((call) => readCall(call, field));
}

/**
 * Reads the tools of a row: a list or its JSON. What is written without OpenAI's wrapper gets it, since templates expect it.
 * Undefined where there are none. @throws ShapeProblem
 */
export function readTools(row: Record<string, unknown>): Tool[] | undefined {
  const field = row.tools === undefined || row.tools === null ? 'functions' : 'tools';
  const list = unwrap(row[field], field) ?? [];
  if (!Array.isArray(list)) throw new ShapeProblem(`${field}: expected a list of tools`);
  if (list.length === 0) return undefined;
  return list.map((item, i): Tool => {
    const tool = requireObject(item, `${field}[${i}]`);
    if ('function' in tool || !('name' in tool)) return tool;
    return { type: 'function', function: tool };
  });
}
