import { readFileSync } from 'node:fs';
import type { ImportBatch, ImportInput, ImportMapping, ImportOptions } from './import';
import { openImport } from './open';

/** A committed file, as a person would choose it. */
export function golden(name: string): File {
  return new File([readFileSync(new URL(`../../../../tests/goldens/import/${name}`, import.meta.url))], name);
}

export function fileOf(name: string, ...parts: BlobPart[]): ImportInput {
  return { kind: 'file', file: new File(parts, name) };
}

/** Everything that an import gives, in one. */
export async function importAll(
  input: ImportInput,
  mapping: ImportMapping,
  options: ImportOptions = {}
): Promise<Pick<ImportBatch, 'rows' | 'problems'> & { batches: ImportBatch[] }> {
  const batches: ImportBatch[] = [];
  for await (const batch of openImport(input, mapping, options)) batches.push(batch);
  return {
    batches,
    rows: batches.flatMap((batch) => batch.rows),
    problems: batches.flatMap((batch) => batch.problems)
  };
}
