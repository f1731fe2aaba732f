/** A Datanet from somebody else's Croissant description, with the files that it names where they were given, too. */
import { digestEntry, openContainer } from '../../datanets/bundle/container';
import { digestBlob } from '../../datanets/bundle/digest';
import { NotCroissantError, readCroissant, type DescribedFile } from '../../datanets/bundle/read-croissant';
import type { DatanetFacts } from '../../datanets/datanet';
import { inspectImport } from '../../datanets/import/inspect';
import { requireClearColumns } from '../../datanets/import/rows';
import type { Store } from '../../datanets/store/store';
import type { Person } from '../../datanets/trust/statements';
import { TabtuneError } from '../../errors';
import { parseJson } from '../../json';
import type { Drafts } from './drafts';
import type { Importing } from './importing';
import type { DatanetEvent } from './protocol';

/** A file is not the one that its description speaks of. */
export class DescribedFileChangedError extends TabtuneError {}

/** Of several files, not one is a description. */
export class NoDescriptionError extends TabtuneError {}

/** A description is text about data; larger is something else. */
const MAX_DESCRIPTION = 8 * 2 ** 20;

export interface DescribedDatanet {
  /** Of the new Datanet. */
  id: string;
  rows: number;
  /** Files that the description names and that were not given. */
  missing: string[];
}

/**
 * Makes a Datanet of a description and of those of its files that were chosen with it, told by their digest or else by
 * their name. All of it or nothing.
 * @param chosen files, or a ZIP of them as Tabtune exports it
 * @throws BrokenContainerError, NoDescriptionError, NotCroissantError, DescribedFileChangedError, UnclearColumnsError, the abort reason, and what an
 *   import throws
 */
export async function datanetOfCroissant(
  { store, drafts, importing }: { store: Store; drafts: Drafts; importing: Importing },
  chosen: readonly File[],
  me: Person,
  signal: AbortSignal,
  onEvent: (event: DatanetEvent) => void
): Promise<DescribedDatanet> {
  const files = (await Promise.all(chosen.map((each) => unpacked(each, signal)))).flat();
  const { file: description, json } = await findDescription(files);
  const { facts, policy, files: described } = readCroissant(json);
  const given = files.filter((file) => file !== description);
  const found = await match(described, given, signal);
  const { id } = await drafts.create(complete(facts, description.name), me);
  try {
    if (policy) await drafts.setPolicy(id, policy);
    let rows = 0;
    for (const { file } of found) {
      const input = { kind: 'file', file } as const;
      const inspection = await inspectImport(input, { signal });
      requireClearColumns(inspection);
      rows += (await importing.importInto(id, input, inspection.mapping, me, signal, onEvent)).rows;
    }
    const here = new Set(found.map(({ described: each }) => each));
    return { id, rows, missing: described.filter((each) => !here.has(each)).map(({ name }) => name) };
  } catch (error) {
    await store.datanets.remove(id);
    throw error;
  }
}

/** The files in a ZIP that Tabtune made, their checksums compared; any other file as it is. */
async function unpacked(file: File, signal: AbortSignal): Promise<File[]> {
  if (!/\.zip$/i.test(file.name)) return [file];
  const entries = await openContainer(file, file.name);
  for (const entry of entries) await digestEntry(entry, { signal });
  return entries.map(({ name, data }) => new File([data], name));
}

async function findDescription(files: readonly File[]): Promise<{ file: File; json: unknown }> {
  for (const file of files) {
    if (!/\.json(ld)?$/i.test(file.name) || file.size > MAX_DESCRIPTION) continue;
    try {
      const json = parseJson(file.name, await file.text());
      if (files.length === 1) return { file, json };
      readCroissant(json);
      return { file, json };
    } catch (error) {
      // With others beside it, it may be one of the files that are described.
      if (!(error instanceof SyntaxError) && !(error instanceof NotCroissantError)) throw error;
    }
  }
  throw new NoDescriptionError(
    `${files.length === 1 ? `${files[0].name} is no Croissant description` : 'None of these files is a Croissant description'}: choose the JSON file that describes the dataset, and the files that it names.`,
    { details: { files: files.map(({ name }) => name) } }
  );
}

async function match(
  described: readonly DescribedFile[],
  given: readonly File[],
  signal: AbortSignal
): Promise<{ described: DescribedFile; file: File }[]> {
  const matches = [];
  const digests = await Promise.all(given.map(async (file) => (await digestBlob(file, { signal })).sha256));
  for (const each of described) {
    const byDigest = given.find((_, i) => digests[i] === each.sha256);
    const byName = given.find(({ name }) => name === each.name || name === each.url.split('/').at(-1));
    if (!byDigest && byName && each.sha256 !== undefined) {
      throw new DescribedFileChangedError(
        `${byName.name} is not the file that the description speaks of: its SHA-256 is another. Get it again, or import it by itself.`,
        { details: { file: byName.name, described: each.sha256 } }
      );
    }
    const file = byDigest ?? byName;
    if (file) matches.push({ described: each, file });
  }
  return matches;
}

function complete(facts: Partial<DatanetFacts>, fileName: string): DatanetFacts {
  return {
    name: fileName.replace(/\.json(ld)?$/i, ''),
    summary: '',
    description: '',
    tags: [],
    licence: { spdx: '' },
    language: 'en',
    purpose: '',
    contact: '',
    ...facts
  };
}
