/** An event that arrives after the answer of its call changes nothing any more. */
import { describe, expect, it } from 'vitest';
import { withEvents } from './with-events';

describe('events of a call', () => {
  it('are heard until it has answered', async () => {
    const heard: string[] = [];
    let late: (event: string) => void = () => undefined;
    const answer = await withEvents<string, number>(
      (event) => heard.push(event),
      async (onEvent) => {
        late = onEvent;
        onEvent('half');
        return 1;
      }
    );
    late('whole');
    expect([answer, heard]).toEqual([1, ['half']]);
  });

  it('are heard until it has failed', async () => {
    const heard: string[] = [];
    let late: (event: string) => void = () => undefined;
    const failing = withEvents<string, void>(
      (event) => heard.push(event),
      async (onEvent) => {
        late = onEvent;
        throw new Error('no');
      }
    );
    await expect(failing).rejects.toThrow('no');
    late('half');
    expect(heard).toEqual([]);
  });
});
