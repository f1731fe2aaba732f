import { StoppedError, TabtuneError } from '$lib/errors';

/** An error as the page shows it. */
export interface ErrorDescription {
  message: string;
  /** Name, details and causes, for whoever wants to report it. */
  more?: string;
}

/** Errors of browsers that a person can do something about, by their names, in words. */
const browserErrors: Record<string, string> = {
  QuotaExceededError:
    'The disk, or this browser’s share of it, is full: nothing of this was stored. Delete Datanets, adapters or cached models that you no longer need, or free space on the disk, and try again.',
  NotReadableError:
    'A file cannot be read any more: it was moved, changed or deleted since it was chosen, or another program holds it. Choose it again.'
};

/** Takes an error of any origin apart for a reader. */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { message: String(error) };
  const facts: string[] = [];
  if (error instanceof TabtuneError) {
    facts.push(error.name);
    for (const [key, value] of Object.entries(error.details)) facts.push(`${key}: ${asText(value)}`);
  } else {
    // Nobody wrote this message for a person: the trace is what helps.
    facts.push(error.stack ?? error.name);
  }
  let cause = error.cause;
  for (let depth = 0; depth < 8 && cause !== undefined; depth += 1) {
    facts.push(`because: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : asText(cause)}`);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  const plain = error instanceof TabtuneError ? undefined : browserErrors[error.name];
  return { message: plain ?? (error.message || error.name), more: facts.join('\n') };
}

/** True for an end that a person asked for, by Stop, Cancel or a newer question, and for nothing else. */
export function isStop(error: unknown): boolean {
  return error instanceof StoppedError;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
