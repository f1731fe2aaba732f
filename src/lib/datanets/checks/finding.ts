/** The checks, in the order a report lists them. */
export const CHECKS = [
  'schema',
  'empty',
  'truncated',
  'exact-duplicate',
  'near-duplicate',
  'personal-data',
  'secret',
  'language',
  'prompt-injection',
  'hidden-characters',
  'licence'
] as const;

export type CheckName = (typeof CHECKS)[number];

/** `error`: the row should not be published as it is. `warning`: somebody should look. `note`: good to know. */
export type Severity = 'error' | 'warning' | 'note';

/** Where in a row: which text, and which UTF-16 units of it, from `start` up to `end`. */
export interface RowSpan {
  /** `text`, or `messages.2.content`. */
  field: string;
  start: number;
  end: number;
}

/** One thing that a check found in one row. */
export interface Finding {
  check: CheckName;
  severity: Severity;
  /** Key of the row in what was checked. */
  row: number;
  /** For people, one sentence. Never holds the secret or personal datum itself. */
  message: string;
  /** Absent where the whole row is meant. */
  span?: RowSpan;
  /** What kind of thing, for filters: `email`, `iban`, `aws-key`, `bidi-control`… */
  kind?: string;
  /** What the span would be masked with, where masking makes sense: `[e-mail]`; empty for what should go. */
  mask?: string;
  /**
   * For duplicates: the key of the row that it repeats, and how alike they are (Jaccard, 0 to 1). `of` is set where that
   * row is one of the Datanet's and not of what was checked.
   */
  other?: { row: number; similarity: number; of?: 'datanet' };
}
