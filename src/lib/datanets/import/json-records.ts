import { readItems } from '../items';
import { problem, type RecordPage } from './records';

/** Bytes of a file read at a time. */
const PIECE_BYTES = 2 ** 18;
/** Items of one page. */
const PAGE_ITEMS = 256;

/**
 * The objects of a JSONL file or JSON array, in pages. Lines that are no JSON are problems.
 * @throws JsonTooLargeError for an array too large to be read whole.
 */
export async function* readJsonRecords(
  name: string,
  file: Blob,
  breathe: () => Promise<void> = () => Promise.resolve()
): AsyncGenerator<RecordPage> {
  let done = 0;
  async function* pieces() {
    for (let at = 0; at < file.size; at += PIECE_BYTES) {
      done = Math.min(file.size, at + PIECE_BYTES);
      yield new Uint8Array(await file.slice(at, done).arrayBuffer());
    }
  }
  let page: RecordPage = { records: [], problems: [], done: 0 };
  for await (const item of readItems(name, pieces(), { breathe })) {
    const where = `${'inArray' in item ? 'row' : 'line'} ${item.line}`;
    if (item.kind === 'problem') page.problems.push(problem(where, item.reason, item.text));
    else page.records.push({ where, value: item.kind === 'text' ? { text: item.text } : item.value });
    if (page.records.length + page.problems.length < PAGE_ITEMS) continue;
    yield { ...page, done };
    page = { records: [], problems: [], done };
  }
  yield { ...page, done: file.size };
}
