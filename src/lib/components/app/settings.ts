/** The few choices that a reload must not lose and that are too small for a database. */

interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const prefix = 'tabtune.';

/** Reads a setting; undefined where there is none, where it is damaged, or where `accept` refuses it. */
export function readSetting<T>(
  storage: KeyValueStorage,
  name: string,
  accept: (value: unknown) => value is T
): T | undefined {
  try {
    const value: unknown = JSON.parse(storage.getItem(prefix + name) ?? 'null');
    return accept(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a setting. A browser that refuses (private windows, full disk) loses it at the next reload, no more. */
export function writeSetting(storage: KeyValueStorage, name: string, value: unknown): void {
  try {
    storage.setItem(prefix + name, JSON.stringify(value));
  } catch {
    // Nothing depends on it.
  }
}
