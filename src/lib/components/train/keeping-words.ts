import { formatBytes } from '$lib/components/format';

/** What a browser says of how it keeps what this page stores; undefined is what it does not say. */
export interface Keeping {
  persisted?: boolean;
  /** Bytes. */
  usage?: number;
  quota?: number;
}

/** Below this, the states that a run saves may not find room. Bytes. */
const little = 200e6;

/** Asks the browser, which need not know of either question. */
export async function readKeeping(storage: StorageManager | undefined): Promise<Keeping> {
  const [persisted, estimate] = await Promise.all([
    storage?.persisted?.().catch(() => undefined),
    storage?.estimate?.().catch(() => undefined)
  ]);
  return { persisted, usage: estimate?.usage, quota: estimate?.quota };
}

/** What whoever starts a run should know of it before; empty where there is nothing to say. */
export function keepingWords({ persisted, usage, quota }: Keeping): string {
  const left = usage === undefined || quota === undefined ? undefined : Math.max(0, quota - usage);
  return [
    persisted === false
      ? 'This browser does not promise to keep what this page stores: a private window forgets it when it is closed, and others may clear it when the disk is full. Download the adapter when the run is over.'
      : '',
    left !== undefined && left < little
      ? `This page may store only ${formatBytes(left)} more: a run saves where it stands, and its adapter.`
      : ''
  ]
    .filter(Boolean)
    .join(' ');
}
