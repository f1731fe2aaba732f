/** What every failure of Tabtune has in common, so that it crosses workers and reaches people whole. */
export interface ErrorDetails {
  /** Machine-readable facts: file, tensor, row, expected and actual values. Must survive structured clone. */
  readonly [key: string]: unknown;
}

/**
 * Base of all errors thrown on purpose. A subclass stands beside what throws it and has one meaning.
 * `message` says what happened, to which file, tensor or row, and what to do about it.
 */
export class TabtuneError extends Error {
  readonly details: ErrorDetails;

  constructor(message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details ?? {};
  }
}

/**
 * Somebody asked for the end of what went on: the reason with which each of our signals is aborted. An end that was asked for
 * is told from a failure by this class alone. The name AbortError says nothing of the kind: browsers give it to other
 * failures, too, a lost GPU among them.
 */
export class StoppedError extends TabtuneError {
  constructor(message = 'This was stopped, as it was asked for.') {
    super(message);
  }
}
