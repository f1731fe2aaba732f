/** The browser's GPU process, to be ended as a driver or a full memory ends it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Where processes can be looked up. */
export const processesAreKnown = existsSync('/proc/self/stat');

/** Flags with which a Chromium offers its GPU again however often it was lost. */
export const patientBrowser = [
  '--disable-gpu-process-crash-limit',
  '--disable-domain-blocking-for-3d-apis'
] as const;

/** Ends the GPU process of the browser that this process started, nobody else's. Gives how many there were. */
export function endGpuProcess(): number {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const ended = ids.filter((id) => look(id, 'cmdline').includes('--type=gpu-process') && isOurs(Number(id)));
  for (const id of ended) process.kill(Number(id), 'SIGKILL');
  return ended.length;
}

function isOurs(id: number): boolean {
  for (let at = id; at > 1; at = parentOf(at)) if (at === process.pid) return true;
  return false;
}

function parentOf(id: number): number {
  // The name in brackets may hold anything; behind it come state and parent.
  return Number(/\) \S (\d+)[^)]*$/.exec(look(String(id), 'stat'))?.[1] ?? 0);
}

function look(id: string, what: string): string {
  try {
    return readFileSync(`/proc/${id}/${what}`, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}
