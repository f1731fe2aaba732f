import { describe, expect, it } from 'vitest';
import { StoppedError, TabtuneError } from '$lib/errors';
import { describeError, isStop } from './describe-error';

class ShortFileError extends TabtuneError {}

describe('an error as the page shows it', () => {
  it('says the message first, then details and causes', () => {
    const error = new ShortFileError('model.safetensors is cut short. Download it again.', {
      details: { file: 'model.safetensors', expected: 10, actual: 7 },
      cause: new RangeError('out of range', { cause: 'disk' })
    });
    expect(describeError(error)).toEqual({
      message: 'model.safetensors is cut short. Download it again.',
      more: 'ShortFileError\nfile: model.safetensors\nexpected: 10\nactual: 7\nbecause: RangeError: out of range\nbecause: disk'
    });
  });

  it('gives the trace of an error that was not written for a person', () => {
    const { message, more } = describeError(new TypeError('x is not a function'));
    expect(message).toBe('x is not a function');
    expect(more).toContain('describe-error.test');
  });

  it('says in words what browsers say of full disks and of files that went away', () => {
    const full = describeError(new DOMException('The quota has been exceeded.', 'QuotaExceededError'));
    expect(full.message).toMatch(/is full.*Delete Datanets/);
    expect(full.more).toContain('quota has been exceeded');
    const gone = describeError(new DOMException('could not be read', 'NotReadableError'));
    expect(gone.message).toMatch(/Choose it again/);
  });

  it('takes anything', () => {
    expect(describeError('plain')).toEqual({ message: 'plain' });
    expect(describeError(new Error(''))).toMatchObject({ message: 'Error' });
  });

  it('is an end that was asked for by its class alone, not by a name that browsers give to a lost GPU', () => {
    expect(isStop(new StoppedError())).toBe(true);
    expect(isStop(new DOMException("Failed to execute 'mapAsync' on 'GPUBuffer'", 'AbortError'))).toBe(false);
  });
});
