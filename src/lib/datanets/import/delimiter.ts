/** What cells may be separated by, the usual first: it wins where two are as good. */
export const DELIMITERS = [',', '\t', ';', '|'] as const;

/** Records that are judged. */
const JUDGED = 64;

/** How well a delimiter fits a text. */
export interface DelimiterFit {
  delimiter: string;
  /** Of the first record, which names the columns. */
  columns: string[];
  /** Records looked at, the first included. */
  records: number;
  /** Of these, with as many cells as there are columns, and with quotes where quotes belong. */
  fitting: number;
}

/**
 * What separates the cells of a text, judged from its beginning: the delimiter by which most records have as many cells as
 * the first one; of two as good, the one that makes more columns. What stands inside quotes counts for nothing.
 * The line `sep=;` that spreadsheets write decides by itself.
 * @param isCut the text goes on behind `head`
 */
export function fitDelimiter(head: string, isCut = false): DelimiterFit {
  const text = head.startsWith('\ufeff') ? head.slice(1) : head;
  const stated = statedDelimiter(text.slice(0, text.indexOf('\n') + 1 || undefined));
  if (stated !== undefined) return fit(text.slice(text.indexOf('\n') + 1 || text.length), stated, isCut);
  const fits = DELIMITERS.map((delimiter) => fit(text, delimiter, isCut));
  const share = ({ fitting, records }: DelimiterFit) => fitting / Math.max(1, records);
  return fits
    .filter(({ columns }) => columns.length > 1)
    .reduce<DelimiterFit>((best, next) => {
      if (best.columns.length < 2 || share(next) > share(best)) return next;
      return share(next) === share(best) && next.columns.length > best.columns.length ? next : best;
    }, fits[0]);
}

/** The delimiter that a first line `sep=;` states. */
export function statedDelimiter(line: string): string | undefined {
  return /^"?sep=(.)"?\r?\n?$/i.exec(line)?.[1];
}

/** @param delimiter one character */
function fit(text: string, delimiter: string, isCut: boolean): DelimiterFit {
  const result: DelimiterFit = { delimiter, columns: [], records: 0, fitting: 0 };
  for (const { cells, isWellQuoted } of splitHead(text, delimiter, isCut)) {
    if (cells.length === 1 && cells[0].trim() === '') continue;
    if (result.records === 0) result.columns = cells;
    result.records += 1;
    if (isWellQuoted && cells.length === result.columns.length) result.fitting += 1;
    if (result.records === JUDGED) break;
  }
  return result;
}

interface HeadRecord {
  cells: string[];
  isWellQuoted: boolean;
}

/** The records of a beginning, by RFC 4180; the last one is left out where it may be cut off. */
function* splitHead(text: string, delimiter: string, isCut: boolean): Generator<HeadRecord> {
  let record: HeadRecord = { cells: [], isWellQuoted: true };
  for (let at = 0; at <= text.length;) {
    const cell = text[at] === '"' ? quotedCell(text, at, delimiter) : undefined;
    if (text[at] === '"' && !cell) record.isWellQuoted = false;
    const { value, end } = cell ?? plainCell(text, at, delimiter);
    record.cells.push(value);
    at = end + 1;
    if (text[end] === delimiter) continue;
    if (end >= text.length && isCut) return;
    yield record;
    record = { cells: [], isWellQuoted: true };
  }
}

/** A cell up to the next delimiter or line end. */
function plainCell(text: string, start: number, delimiter: string): { value: string; end: number } {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n') end += 1;
  return { value: text.slice(start, end).replace(/\r$/, ''), end };
}

/** A cell in quotes, with what is doubled in it; undefined where the quotes do not end where a cell ends. */
function quotedCell(
  text: string,
  start: number,
  delimiter: string
): { value: string; end: number } | undefined {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') continue;
    if (text[at + 1] === '"') {
      at += 1;
      continue;
    }
    let end = at + 1;
    while (text[end] === ' ' || text[end] === '\r') end += 1;
    if (end < text.length && text[end] !== delimiter && text[end] !== '\n') return undefined;
    return { value: text.slice(start + 1, at).replaceAll('""', '"'), end };
  }
  return undefined;
}
