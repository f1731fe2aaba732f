/**
 * Errors cross between a worker and the page whole: name, message, details and cause. Comlink alone keeps name,
 * message and stack, and the reader of an error needs the rest: which file, which row, what to do.
 */
import { transferHandlers, type TransferHandler } from 'comlink';
import { StoppedError, TabtuneError, type ErrorDetails } from '../errors';

/** An error as plain data, fit for structured clone. */
export interface WireError {
  name: string;
  message: string;
  stack?: string;
  /** Present exactly where the error was a {@link TabtuneError}. */
  details?: ErrorDetails;
  cause?: WireError | { value: unknown };
}

/** How deep a chain of causes is followed; a cycle ends here too. */
const maxCauses = 8;

/** Takes an error apart. What cannot be cloned inside details or a cause is replaced by its text. */
export function toWireError(error: Error, depth = 0): WireError {
  const wire: WireError = { name: error.name, message: error.message };
  if (error.stack !== undefined) wire.stack = error.stack;
  if (error instanceof TabtuneError) wire.details = cloneable(error.details) as ErrorDetails;
  if (error.cause !== undefined && depth < maxCauses) {
    wire.cause =
      error.cause instanceof Error ? toWireError(error.cause, depth + 1) : { value: cloneable(error.cause) };
  }
  return wire;
}

/**
 * Puts an error together again: a {@link TabtuneError} where it was one, with the name of its class. A {@link StoppedError} is
 * one again, so that a page asks for its class as whoever is in the worker does.
 */
export function fromWireError(wire: WireError): Error {
  const cause =
    wire.cause === undefined
      ? undefined
      : 'value' in wire.cause
        ? wire.cause.value
        : fromWireError(wire.cause);
  const error = ownError(wire, cause) ?? new Error(wire.message, cause === undefined ? undefined : { cause });
  error.name = wire.name;
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

/** Undefined for what was none of ours, whatever its name. */
function ownError({ name, message, details }: WireError, cause: unknown): TabtuneError | undefined {
  if (!details) return undefined;
  return name === StoppedError.name
    ? new StoppedError(message)
    : new TabtuneError(message, { details, cause });
}

/** Replaces Comlink's handler of thrown values. Call it once on each side, before the first call. */
export function installErrorTransfer(): void {
  const builtin = transferHandlers.get('throw');
  if (!builtin)
    throw new Error('Comlink has no handler of thrown values: its version is not the expected one.');
  const handler: TransferHandler<{ value: unknown }, { error: WireError } | { value: unknown }> = {
    // Only Comlink knows the mark that it puts on a thrown value.
    canHandle: (value): value is { value: unknown } => builtin.canHandle(value),
    serialize: ({ value }) => [
      value instanceof Error ? { error: toWireError(value) } : { value: cloneable(value) },
      []
    ],
    deserialize: (wire) => {
      throw 'error' in wire ? fromWireError(wire.error) : wire.value;
    }
  };
  transferHandlers.set('throw', handler);
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    // Functions, GPU objects and the like. Keep the rest of an object.
    if (value instanceof Error) return value.message;
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cloneable(entry)]));
    }
    return String(value);
  }
}
