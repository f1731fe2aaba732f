/** What wallets and nodes throw, in all of their shapes, is told as what it is. */
import { encodeErrorResult, parseAbi } from 'viem';
import { describe, expect, it } from 'vitest';
import { TabtuneError } from '../errors';
import { BalanceTooLowError, ChainError, RevertedError, told, TransactionRejectedError } from './failures';

const abi = parseAbi(['error AlreadyRevoked()', 'error TooSmall(uint256 least)']);
const failure = (cause: unknown, signal?: AbortSignal) =>
  told({ what: 'pay', chain: 'Base', abi, ...(signal ? { signal } : {}) }, () =>
    Promise.reject(cause as Error)
  ).catch((error: unknown) => error);
const said = Object.assign(new Error('execution reverted'), { code: 3 });
const data = encodeErrorResult({ abi, errorName: 'AlreadyRevoked' });
const small = encodeErrorResult({ abi, errorName: 'TooSmall', args: [7n] });
const text = encodeErrorResult({ abi: parseAbi(['error Error(string)']), args: ['Drop already claimed.'] });

describe('a failure', () => {
  it.each([
    ['plain', { ...said, message: said.message, data }, 'AlreadyRevoked'],
    ['with what it is about', Object.assign(new Error('no'), { data: small }), 'TooSmall (7)'],
    ['with words', Object.assign(new Error('no'), { data: text }), 'Drop already claimed.'],
    ['wrapped by a wallet', { code: -32603, message: 'Internal', data: { code: 3, data } }, 'AlreadyRevoked'],
    ['wrapped twice', { message: 'Internal', data: { originalError: { data } } }, 'AlreadyRevoked'],
    [
      'as a cause',
      new Error('outer', { cause: Object.assign(new Error('inner'), { data }) }),
      'AlreadyRevoked'
    ]
  ])('of a contract, %s, has its reason', async (_, cause, reason) => {
    const error = (await failure(cause)) as RevertedError;
    expect(error).toBeInstanceOf(RevertedError);
    expect(error.details['reason']).toBe(reason);
    expect(error.message).toBe(`The contract on Base refuses to pay: ${reason}`);
  });

  it('of somebody who said no is that, however deep', async () => {
    const no = { code: 4001, message: 'User rejected the request.' };
    for (const cause of [no, new Error('outer', { cause: new Error('middle', { cause: no }) })]) {
      expect(await failure(cause)).toBeInstanceOf(TransactionRejectedError);
    }
  });

  it('of an account with too little is that', async () => {
    const cause = { code: -32000, message: 'insufficient funds for gas * price + value' };
    expect(await failure(cause)).toBeInstanceOf(BalanceTooLowError);
  });

  it('of any other kind is told in one line, whatever was thrown', async () => {
    for (const cause of [
      undefined,
      null,
      'gone',
      7,
      {},
      new Error('first\nsecond'),
      { data: { data: {} } }
    ]) {
      const error = (await failure(cause)) as ChainError;
      expect(error).toBeInstanceOf(ChainError);
      expect(error.message).toMatch(/^Base could not be asked to pay: .*try again\.$/);
    }
  });

  it('that stopped it, or is told already, passes as it is', async () => {
    const own = new TabtuneError('Told.');
    expect(await failure(own)).toBe(own);
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await failure(new Error('The wait was cut off'), signal)).toBe(signal.reason);
    // A wallet's or a node's own abort is a failure: nobody here asked for it.
    expect(await failure(new DOMException('aborted', 'AbortError'))).toBeInstanceOf(ChainError);
  });
});
