/** The page's end of a worker: started at the first call, started again after it died, every call typed. */
import { releaseProxy, wrap, type Remote } from 'comlink';
import { TabtuneError } from '../errors';
import { installErrorTransfer } from './error-transfer';

/** The worker stopped by itself: a script that did not load, or memory that ran out. */
export class WorkerCrashedError extends TabtuneError {}

interface Running<T> {
  worker: Worker;
  remote: Remote<T>;
  /** Rejects when the worker dies, and never resolves. */
  death: Promise<never>;
}

/** Calls into one worker. */
export class WorkerClient<T> {
  readonly #name: string;
  readonly #spawn: () => Worker;
  #running: Running<T> | undefined;

  /** @param spawn makes the worker; called once now and once after each crash, at the next call */
  constructor(name: string, spawn: () => Worker) {
    this.#name = name;
    this.#spawn = spawn;
    installErrorTransfer();
  }

  /**
   * Runs `call` with the worker's methods.
   * @throws WorkerCrashedError where the worker dies before it answers: Comlink alone would wait for ever
   */
  async call<R>(call: (remote: Remote<T>) => Promise<R>): Promise<R> {
    const { remote, death } = (this.#running ??= this.#start());
    return Promise.race([call(remote), death]);
  }

  /** Ends the worker. The next call starts another. */
  end(): void {
    const running = this.#running;
    this.#running = undefined;
    if (!running) return;
    running.remote[releaseProxy]();
    running.worker.terminate();
  }

  #start(): Running<T> {
    const worker = this.#spawn();
    const death = new Promise<never>((_, reject) => {
      worker.addEventListener('error', (event) => {
        // An error inside a call crosses as its answer; what arrives here was outside of all calls.
        this.#running = undefined;
        worker.terminate();
        reject(
          new WorkerCrashedError(
            `The ${this.#name} worker stopped: ${event.message || 'its script could not be loaded'}. What was saved is kept; reload the page.`,
            { details: { worker: this.#name, file: event.filename, line: event.lineno } }
          )
        );
      });
    });
    // Somebody may have nothing to wait for when it dies.
    death.catch(() => undefined);
    return { worker, remote: wrap<T>(worker), death };
  }
}
