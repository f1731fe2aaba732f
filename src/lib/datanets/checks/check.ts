import type { DatanetRow } from '../datanet';
import type { Row } from '../row';
import type { CheckName, Finding, Severity } from './finding';
import { textsOf, type RowText } from './texts';

/** A row under the key by which findings name it. */
export interface KeyedRow {
  key: number;
  row: Row | DatanetRow;
  /** SHA-256 of its words (`rowDigest`), where it is known. */
  digest?: Uint8Array;
}

/** A check of one row. Some remember the rows before. */
export type RowCheck = (row: KeyedRow) => Finding[];

/** Part of one text that a check takes exception to. */
export interface TextFinding {
  start: number;
  end: number;
  severity: Severity;
  message: string;
  kind: string;
  mask?: string;
}

/** Findings of one kind in one text are told up to here; a hostile text could hold a million. */
export const MAX_FINDINGS_IN_TEXT = 1000;

/** A check that looks at each text of a row by itself, as a check of rows. */
export function checkTexts(check: CheckName, find: (text: RowText) => TextFinding[]): RowCheck {
  return ({ key, row }) =>
    textsOf(row).flatMap((text) =>
      find(text)
        .slice(0, MAX_FINDINGS_IN_TEXT)
        .map(({ start, end, ...finding }) => ({
          check,
          row: key,
          span: { field: text.field, start, end },
          ...finding
        }))
    );
}

/** Both lists in order of place, without those of `more` that overlap one of `kept`. Each is in order and apart itself. */
export function addApart(kept: readonly TextFinding[], more: readonly TextFinding[]): TextFinding[] {
  const all: TextFinding[] = [];
  let next = 0;
  for (const finding of more) {
    while (next < kept.length && kept[next].end <= finding.start) all.push(kept[next++]);
    if (next === kept.length || finding.end <= kept[next].start) all.push(finding);
  }
  return all.concat(kept.slice(next));
}
