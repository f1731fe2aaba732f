import { readItems } from '../items';
import { utf8Pieces } from './decode-text';
import { problem, type RecordPage } from './records';

/** Items of one page. */
const PAGE_ITEMS = 256;

/** Of a file that is one object: the field whose rows were taken, and those that could have been. */
export interface WrappedIn {
  field: string | undefined;
  fields: string[];
}

/**
 * The objects of a JSONL file or JSON array, in pages, or of a list inside the one object that a file is. Lines that are no
 * JSON are problems.
 * @throws JsonTooLargeError for an array too large to be read whole; NotUtf8Error for bytes that the encoding has not
 */
export async function* readJsonRecords(
  name: string,
  file: Blob,
  { encoding = 'utf-8', field }: { encoding?: string; field?: string } = {},
  breathe: () => Promise<void> = () => Promise.resolve()
): AsyncGenerator<RecordPage & { wrapped?: WrappedIn }> {
  let done = 0;
  async function* pieces() {
    for await (const piece of utf8Pieces(name, file, encoding)) {
      ({ done } = piece);
      yield piece.bytes;
    }
  }
  let page: RecordPage & { wrapped?: WrappedIn } = { records: [], problems: [], done: 0 };
  for await (const item of readItems(name, pieces(), {
    breathe,
    ...(field === undefined ? {} : { field })
  })) {
    if (item.kind === 'wrapped') {
      page.wrapped = { field: item.field, fields: item.fields };
      continue;
    }
    const where = `${'inArray' in item ? 'row' : 'line'} ${item.line}`;
    if (item.kind === 'problem') page.problems.push(problem(where, item.reason, item.text));
    else page.records.push({ where, value: item.kind === 'text' ? { text: item.text } : item.value });
    if (page.records.length + page.problems.length < PAGE_ITEMS) continue;
    yield { ...page, done };
    page = { records: [], problems: [], done };
  }
  yield { ...page, done: file.size };
}
