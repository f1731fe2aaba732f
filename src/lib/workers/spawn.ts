import { askToKeep } from './keeping';

/**
 * Starts a worker under the content security policy of the page, whoever serves the files. A worker from an address
 * has the policy alone that a header brought with its script, and few static hosts send any; one from a blob inherits
 * that of the page which makes it (HTML, "policy container").
 * @param address of its module, as Vite gives it for `?worker&url`
 * @param name for developer tools
 */
export function spawnWorker(address: string, name: string): Worker {
  const module = new URL(address, location.href).href;
  const script = new Blob([`import ${JSON.stringify(module)};`], { type: 'text/javascript' });
  const blob = URL.createObjectURL(script);
  const worker = new Worker(blob, { type: 'module', name });
  // It has loaded once it answers.
  worker.addEventListener('message', () => URL.revokeObjectURL(blob), { once: true });
  askToKeep(worker, navigator.storage);
  return worker;
}
