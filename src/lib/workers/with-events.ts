import { proxy } from 'comlink';

/**
 * Makes a call to a worker that tells how far it is. Events come through a channel of their own, so the last of them
 * may arrive after the answer: what listened has moved on by then, and does not hear it.
 * @param listen to events, until the call has answered or failed
 * @param call passes on the listener that it is given
 */
export async function withEvents<E, R>(
  listen: (event: E) => void,
  call: (onEvent: (event: E) => void) => Promise<R>
): Promise<R> {
  let over = false;
  try {
    return await call(
      proxy((event: E) => {
        if (!over) listen(event);
      })
    );
  } finally {
    over = true;
  }
}
