import { expose, wrap, type Remote } from 'comlink';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoppedError, TabtuneError } from '../errors';
import { fromWireError, installErrorTransfer, toWireError } from './error-transfer';

class BrokenRowError extends TabtuneError {}

const failures = {
  async own(): Promise<void> {
    throw new BrokenRowError('rows.jsonl, line 7: not JSON. Correct the line.', {
      details: { file: 'rows.jsonl', line: 7, log: () => 'not cloneable' },
      cause: new TypeError('outer', { cause: new RangeError('inner') })
    });
  },
  async foreign(): Promise<void> {
    throw new RangeError('too far');
  },
  async stopped(): Promise<void> {
    throw new StoppedError('A newer search took its place.');
  },
  async aborted(): Promise<void> {
    throw new DOMException('The device was lost', 'AbortError');
  },
  async bare(): Promise<void> {
    throw { code: 3 };
  }
};

describe('errors between a worker and the page', () => {
  let remote: Remote<typeof failures>;
  let close: () => void;

  beforeEach(() => {
    installErrorTransfer();
    const { port1, port2 } = new MessageChannel();
    expose(failures, port1);
    remote = wrap<typeof failures>(port2);
    close = () => port1.close();
  });
  afterEach(() => close());

  it('keep name, message, details and the chain of causes', async () => {
    const error = await remote.own().then(
      () => undefined,
      (reason: unknown) => reason
    );
    expect(error).toBeInstanceOf(TabtuneError);
    const own = error as BrokenRowError;
    expect(own.name).toBe('BrokenRowError');
    expect(own.message).toBe('rows.jsonl, line 7: not JSON. Correct the line.');
    expect(own.details).toMatchObject({ file: 'rows.jsonl', line: 7 });
    expect(own.details['log']).toContain('not cloneable');
    expect(own.cause).toMatchObject({ name: 'TypeError', message: 'outer' });
    expect((own.cause as Error).cause).toMatchObject({ name: 'RangeError', message: 'inner' });
    expect(own.stack).toContain('error-transfer.test');
  });

  it('leave a foreign error what it was, by name', async () => {
    const error = await remote.foreign().then(
      () => undefined,
      (reason: unknown) => reason
    );
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(TabtuneError);
    expect(error).toMatchObject({ name: 'RangeError', message: 'too far' });
  });

  it('keep an end that was asked for apart from what a browser calls an abort', async () => {
    const stopped = await remote.stopped().catch((reason: unknown) => reason);
    expect(stopped).toBeInstanceOf(StoppedError);
    expect(stopped).toMatchObject({ message: 'A newer search took its place.' });
    const aborted = await remote.aborted().catch((reason: unknown) => reason);
    expect(aborted).toBeInstanceOf(Error);
    expect(aborted).not.toBeInstanceOf(TabtuneError);
  });

  it('pass on a thrown value that is no error', async () => {
    await expect(remote.bare()).rejects.toEqual({ code: 3 });
  });

  it('end a cycle of causes', () => {
    const error = new Error('snake');
    error.cause = error;
    let depth = 0;
    for (let at: unknown = fromWireError(toWireError(error)); at instanceof Error; at = at.cause) depth += 1;
    expect(depth).toBe(9);
  });
});
