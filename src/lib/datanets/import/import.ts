/** What comes in, before it is rows: a table of columns, a document of text, or rows already. */

export type ImportInput =
  | { kind: 'file'; file: File }
  | { kind: 'text'; text: string }
  /** A dataset on the Hugging Face hub, by id; `file` is one of the Parquet files that the hub makes of each. */
  | { kind: 'hub'; id: string; config?: string; split?: string };

/** What a file turned out to be, with enough of it to decide how it becomes rows. */
export type ImportInspection =
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
    };

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
  | { to: 'chat'; system?: string; user: string; assistant: string; columns?: MetaColumns }
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
