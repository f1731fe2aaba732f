/** What comes in, before it is rows: a table of columns, a document of text, or rows already. */
import type { DatanetRow } from '../datanet';
import type { Row } from '../row';

export type ImportInput =
  | { kind: 'file'; file: File; reading?: ReadingChoice }
  | { kind: 'text'; text: string; reading?: ReadingChoice }
  /** A dataset on the Hugging Face hub, by id; `file` is one of the Parquet files that the hub makes of each. */
  | { kind: 'hub'; id: string; config?: string; split?: string };

/** What a person may say of how a file is to be read, where it is told wrongly or cannot be told. */
export interface ReadingChoice {
  /** Of text, as `TextDecoder` names it. */
  encoding?: string;
  /** What separates the cells of a table in text; one character. */
  delimiter?: string;
  /** Of a file that is one JSON object: the field that holds the rows. */
  field?: string;
}

/** How a file was read, as far as it could be read otherwise. */
export interface ReadingUsed extends ReadingChoice {
  /** All fields that could hold the rows. */
  fields?: string[];
}

/** What a file turned out to be, with enough of it to decide how it becomes rows. */
export type ImportInspection = { reading?: ReadingUsed } & (
  | { shape: 'rows'; name: string; format: string; sample: unknown[]; mapping: ImportMapping }
  | {
      shape: 'table';
      name: string;
      format: string;
      columns: { name: string; kind: 'text' | 'number' | 'other'; example: string }[];
      /** Rows in all, where the file says so. */
      count?: number;
      /** The first few records, each value as text. */
      sample: Record<string, string>[];
      /** The best guess from the columns' names. */
      mapping: ImportMapping;
      /** Neither a name nor the content of a column told what it is for. */
      isGuess?: true;
      /** Of a dataset on the hub: what else of it could be taken. */
      hub?: { id: string; config: string; split: string; choices: { config: string; split: string }[] };
    }
  | {
      shape: 'document';
      name: string;
      format: string;
      title?: string;
      characters: number;
      /** The beginning, as text. */
      sample: string;
      mapping: ImportMapping;
    }
);

/** How what comes in becomes rows. */
export type ImportMapping = {
  /** Given to every row that has none of its own. */
  contributor?: string;
  source?: string;
  licence?: string;
  tags?: string[];
} & (
  | { to: 'rows' }
  | { to: 'text'; column: string; columns?: MetaColumns }
  /** The columns of a question, what it is about, and its answer; the context follows the question. */
  | {
      to: 'chat';
      system?: string;
      user: string;
      context?: string;
      assistant: string;
      columns?: MetaColumns;
    }
  /** A column that holds whole conversations: a list of messages, or its JSON. */
  | { to: 'messages'; column: string; columns?: MetaColumns }
  | { to: 'chunks'; size: number; overlap: number }
);

/** Columns that say something of a row rather than being its text. */
export interface MetaColumns {
  contributor?: string;
  source?: string;
  licence?: string;
  tags?: string;
  split?: string;
}

/** Something that did not become a row. The rest is kept. */
export interface ImportProblem {
  /** `line 12`, `row 3`, `page 4`. */
  where: string;
  reason: string;
  /** The beginning of it, on one line. */
  excerpt: string;
}

/** A row as it was brought: who wrote it may not be known. */
export type ImportedRow = Row & Partial<Pick<DatanetRow, 'licence' | 'tags' | 'split' | 'drafted'>>;

/** The next few hundred rows of an import, and how far it is. */
export interface ImportBatch {
  rows: ImportedRow[];
  problems: ImportProblem[];
  /** Bytes read so far, and of all, where it is known. */
  done: number;
  total?: number;
}

export interface ImportOptions {
  signal?: AbortSignal;
  /** Called a few times a second. */
  onProgress?: (done: number, total?: number) => void;
  /** For datasets of the hub. */
  fetch?: typeof fetch;
  /** Address of the hub. */
  endpoint?: string;
}
