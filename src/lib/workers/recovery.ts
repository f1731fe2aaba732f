/** What is done about a lost GPU: the work goes on by itself on a new device, as long as that gets anywhere. */
import { TabtuneError } from '../errors';
import { NoWebGpuError, type Device } from '../gpu/device';
import { DeviceLostError, gpuWasLost } from '../gpu/device-lost';

/** The GPU was lost again and again, and nothing got further in between. */
export class GpuKeepsFailingError extends TabtuneError {}

/** After losses the browser does not offer the GPU any more. */
export class GpuWithheldError extends TabtuneError {}

/** Work that can begin again after a loss. */
export interface Recovery {
  /** Ends the wait for a GPU that the browser withholds. */
  readonly signal: AbortSignal;
  /** How far the work ever came; absent where only its end counts. Losses count anew once it comes further. */
  progress?(): number;
  /** Makes ready to begin again, and says from where, as a sentence begins: `Going on from step 5`. */
  again(): string | Promise<string>;
  /** Takes what the person is told meanwhile. */
  tell(sentence: string): void;
}

/** How long a browser is asked again that offers no GPU after a loss, in milliseconds. */
export interface Patience {
  readonly first: number;
  /** Each wait is twice the one before, up to this. */
  readonly longest: number;
  readonly all: number;
}

/**
 * Chromium 156 withholds the GPU from everybody for two minutes after two crashes of its GPU process within two minutes, and
 * after some more until it is opened anew.
 */
export const usualPatience: Patience = { first: 250, longest: 5000, all: 150_000 };

/** Losses without anything gained between them after which it is no use to begin again. */
const mostFruitless = 3;

/**
 * Runs work on a device, and each time the device is lost once more on a new one.
 * @param open gives the device to use; a new one after `lost`
 * @throws GpuKeepsFailingError, GpuWithheldError, the reason of the signal while the browser withholds the GPU, and what the work throws
 */
export async function throughLosses<R>(
  work: (device: Device) => Promise<R>,
  recovery: Recovery,
  { open, lost }: { open: () => Promise<Device>; lost: () => void }
): Promise<R> {
  let furthest = recovery.progress?.() ?? 0;
  let fruitless = 0;
  for (;;) {
    try {
      return await work(await open());
    } catch (error) {
      if (!(error instanceof DeviceLostError)) throw error;
      lost();
      const come = recovery.progress?.() ?? 0;
      fruitless = come > furthest ? 1 : fruitless + 1;
      furthest = Math.max(come, furthest);
      if (fruitless === mostFruitless) throw keepsFailing(error);
      recovery.tell(`${gpuWasLost} ${await recovery.again()} on a new device.`);
    }
  }
}

/**
 * Opens a device that the browser may withhold after `losses` losses: it is asked again for some minutes.
 * @throws GpuWithheldError, NoWebGpuError where there was no loss, the reason of the signal
 */
export async function openOffered(
  open: () => Promise<Device>,
  losses: number,
  { signal, tell }: Pick<Recovery, 'signal' | 'tell'>,
  patience: Patience
): Promise<Device> {
  let waited = 0;
  for (let wait = patience.first; ; wait = Math.min(2 * wait, patience.longest)) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof NoWebGpuError) || losses === 0) throw error;
      if (waited >= patience.all) throw withheld(losses, error);
      // A browser that only needs a moment to start its GPU process again is not worth a word.
      if (wait === patience.longest) {
        tell(
          `${gpuWasLost} The browser offers none now, as browsers do for some minutes after crashes: it is asked again until it does.`
        );
      }
    }
    await pause(wait, signal);
    waited += wait;
  }
}

function keepsFailing(cause: DeviceLostError): GpuKeepsFailingError {
  return new GpuKeepsFailingError(
    `The GPU was lost ${mostFruitless} times at the same place, so it was not tried again. Close other programs that use the GPU, update its driver, or choose a smaller batch or length. What was saved is kept: start again to go on from there.`,
    { details: { losses: mostFruitless }, cause }
  );
}

function withheld(losses: number, cause: NoWebGpuError): GpuWithheldError {
  return new GpuWithheldError(
    `The GPU was lost ${losses === 1 ? 'once' : `${losses} times`}, and since then the browser offers none. Reload this page; if that does not help, close the browser and open it again. What was saved is kept and goes on from there.`,
    { details: { losses }, cause }
  );
}

/** @throws the reason of the signal */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, milliseconds);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
