import type { ImportInput, ImportInspection, ReadingChoice } from '$lib/datanets/import/import';
import { TabtuneError } from '$lib/errors';
import { isStop } from '$lib/components/ui/describe-error';
import type { ImportProblem, ImportReport, RowContent } from '$lib/workers/datanets/protocol';
import type { DatanetPage } from '../page.svelte';
import { MappingForm, sameShape } from './mapping-form.svelte';

/** Rows of a preview. */
const previewRows = 5;

/** One thing that is brought: looked at, waiting for the person to decide, then imported. */
export interface ImportItem {
  id: number;
  name: string;
  input: ImportInput;
  inspection?: ImportInspection;
  /** Why it could not be looked at or imported. */
  error?: unknown;
  report?: ImportReport;
}

/** Bringing rows: what was given, how it becomes rows, what came of it. */
export class Importing {
  items = $state.raw<ImportItem[]>([]);
  inspecting = $state<string>();
  form = $state.raw<MappingForm>();
  preview = $state.raw<{ rows: RowContent[]; problems: ImportProblem[] }>();
  previewError = $state.raw<unknown>();
  /** Questions and answers to a document are written by hand rather than its parts taken as they are. */
  byHand = $state(false);
  readonly #page: DatanetPage;
  #next = 0;
  #turn = 0;

  constructor(page: DatanetPage) {
    this.#page = page;
  }

  /** What the person decides about now. */
  readonly current: ImportItem | undefined = $derived.by(() =>
    this.items.find((item) => item.inspection && !item.report && !item.error)
  );

  /** Everything that waits and that the same decision fits, the current one first. */
  readonly group: ImportItem[] = $derived.by(() => {
    const shape = this.current?.inspection;
    if (!shape) return [];
    return this.items.filter(
      (item) => item.inspection && !item.report && !item.error && sameShape(item.inspection, shape)
    );
  });

  /** What was done, newest first. */
  readonly done: ImportItem[] = $derived.by(() =>
    this.items.filter((item) => item.report || item.error).toReversed()
  );

  /** Looks at what was given, one after another. */
  async bring(inputs: readonly ImportInput[]): Promise<void> {
    const items = inputs.map((input): ImportItem => ({ id: ++this.#next, name: nameOf(input), input }));
    this.items = [...this.items, ...items];
    for (const { id, name, input } of items) {
      this.inspecting = name;
      await this.#inspect(id, name, input);
      if (!this.form) this.#begin();
    }
    this.inspecting = undefined;
  }

  /** Looks at something again, read as the person says: in an encoding, with a delimiter, from a field of its own. */
  async readAs(id: number, choice: ReadingChoice): Promise<void> {
    const item = this.items.find((each) => each.id === id);
    if (!item || item.input.kind === 'hub' || this.inspecting !== undefined) return;
    const input = { ...item.input, reading: { ...item.input.reading, ...choice } };
    const before = this.current?.id;
    this.inspecting = item.name;
    await this.#inspect(id, item.name, input);
    this.inspecting = undefined;
    // What is decided about another thing meanwhile stays as it is.
    if (before === id || this.current?.id !== before) this.#begin();
  }

  async #inspect(id: number, name: string, input: ImportInput): Promise<void> {
    try {
      const inspection = await this.#page.client.call(
        // Comlink makes a union of promises of a promise of a union.
        (datanets) => datanets.inspectImport(input) as Promise<ImportInspection>
      );
      this.#update(id, { input, inspection, error: undefined, name: inspection.name || name });
    } catch (error) {
      this.#update(id, { input, inspection: undefined, error });
    }
  }

  /** Asks how the first rows would look. An older answer is dropped. */
  async look(): Promise<void> {
    const turn = ++this.#turn;
    const { form, current } = this;
    if (!form || !current || form.problem) return;
    const mapping = form.mapping();
    try {
      const preview = await this.#page.client.call((datanets) =>
        datanets.previewImport(current.input, mapping, previewRows)
      );
      if (turn !== this.#turn) return;
      this.preview = preview;
      this.previewError = undefined;
    } catch (error) {
      if (turn === this.#turn) this.previewError = error;
    }
  }

  /** Imports all that the decision fits. What was cancelled waits as before; what failed says why. */
  async importGroup(): Promise<void> {
    const { form, group } = this;
    if (!form || form.problem || this.#page.busy) return;
    const mapping = form.mapping();
    for (const { id, name, input } of group) {
      let cancelled = false;
      let failure: unknown;
      const report = await this.#page.run(`Importing ${name}`, async (datanets, onEvent) => {
        try {
          return await datanets.importInto(this.#page.id, input, mapping, onEvent);
        } catch (error) {
          cancelled = isStop(error);
          failure = error;
          return undefined;
        }
      });
      if (cancelled) break;
      this.#update(id, report ? { report } : { error: failure });
      await this.#page.reload();
    }
    this.#begin();
  }

  /** Looks at another part of the dataset on the hub that waits now. */
  async chooseHubPart(config: string, split: string): Promise<void> {
    const { current } = this;
    if (current?.input.kind !== 'hub') return;
    const { id } = current.input;
    this.skip();
    await this.bring([{ kind: 'hub', id, config, split }]);
  }

  /** Does without what waits now. */
  skip(): void {
    const { current } = this;
    if (!current) return;
    this.items = this.items.filter((item) => item.id !== current.id);
    this.#begin();
  }

  /** The document's questions and answers are written; it waits no longer. */
  finish(rows: number): void {
    const { current } = this;
    if (current) this.#update(current.id, { report: { rows, problems: [], problemCount: 0 } });
    this.#begin();
  }

  #begin(): void {
    this.#turn += 1;
    this.preview = undefined;
    this.previewError = undefined;
    this.byHand = false;
    const inspection = this.current?.inspection;
    this.form = inspection && new MappingForm(inspection);
  }

  #update(id: number, change: Partial<ImportItem>): void {
    this.items = this.items.map((item) => (item.id === id ? { ...item, ...change } : item));
  }
}

/** Where a file could not be read because of its encoding: the likely one, or '' where nothing tells. */
export function encodingWanted(error: unknown): string | undefined {
  if (!(error instanceof TabtuneError) || error.name !== 'NotUtf8Error') return undefined;
  const { likely } = error.details;
  return typeof likely === 'string' ? likely : '';
}

function nameOf(input: ImportInput): string {
  if (input.kind === 'file') return input.file.name;
  return input.kind === 'hub' ? input.id : 'pasted text';
}
