import type { ImportProblem } from './import';

/** A paragraph of a document, or a heading of a level from 1 to 6. */
export interface Block {
  text: string;
  heading?: number;
  /** Page of the file, from 1, where there are pages. */
  page?: number;
}

/** The next blocks of a document. */
export interface DocumentPart {
  blocks: Block[];
  problems: ImportProblem[];
  /** Bytes of the file read so far. */
  done: number;
}
