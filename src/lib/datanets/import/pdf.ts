import type { PDFDocumentLoadingTask, PDFDocumentProxy } from 'pdfjs-dist';
import { TabtuneError } from '../../errors';
import type { Block, DocumentPart } from './document';
import type { ImportProblem } from './import';
import { PackagedCMaps } from './pdf-cmaps';
import { joinContinued, layOut } from './pdf-layout';
import { sortRuns, type PageRuns, type TextItem } from './pdf-runs';
import { hearWarnings, lossesIn } from './pdf-warnings';
import { problem } from './records';

/** A file that is no PDF, or is damaged beyond reading. */
export class PdfError extends TabtuneError {}

/** A PDF that only opens with a password. */
export class PdfPasswordError extends TabtuneError {}

/** A PDF that has pictures of pages and no text. */
export class ScannedPdfError extends TabtuneError {}

const MAX_FILE = 512 * 2 ** 20;
/** Pages that fail one after the other before the rest is given up. */
const MAX_FAILURES = 50;
/** Runs of text of a page. A dense page of a newspaper has some thousands. */
const MAX_RUNS = 50_000;

/**
 * The text of a PDF, page by page in reading order.
 * @throws PdfError, PdfPasswordError, ScannedPdfError
 */
export async function* readPdf(
  name: string,
  file: Blob,
  breathe: () => Promise<void> = () => Promise.resolve()
): AsyncGenerator<DocumentPart & { title?: string }> {
  if (file.size > MAX_FILE) {
    throw new PdfError(`${name} has ${file.size} bytes, more than ${MAX_FILE}. Split it into parts.`, {
      details: { file: name, bytes: file.size }
    });
  }
  const task = await load(new Uint8Array(await file.arrayBuffer()));
  try {
    const { value: pdf } = await hearWarnings(() => task.promise).catch((cause: unknown) => {
      throw refusal(name, cause);
    });
    const { value: title } = await hearWarnings(() => titleOf(pdf));
    /** The last block so far, which may go on with the next page. */
    let held: Block[] = [];
    let hasText = false;
    /** Text that is there and was not read. */
    const faults: ImportProblem[] = [];
    let failures = 0;
    for (let number = 1; number <= pdf.numPages && failures < MAX_FAILURES; number++) {
      await breathe();
      const page = await readPage(pdf, number);
      const { problems } = page;
      faults.push(...problems);
      if (page.blocks.length === 0 && problems.length === 0) {
        problems.push(problem(`page ${number}`, 'no text on this page (empty, or a picture)', ''));
      }
      hasText ||= page.blocks.length > 0;
      failures = page.blocks.length > 0 ? 0 : failures + 1;
      if (failures === MAX_FAILURES && number < pdf.numPages) {
        problems.push(
          problem(`page ${number + 1}`, `the other ${pdf.numPages - number} pages are left out`, '')
        );
      }
      const isLast = number === pdf.numPages || failures === MAX_FAILURES;
      if (isLast && !hasText) throw noText(name, pdf.numPages, faults[0]);
      const blocks = joinContinued(held, page.blocks);
      held = isLast ? [] : blocks.splice(-1);
      yield { blocks, problems, done: Math.round((file.size * number) / pdf.numPages), title };
    }
  } finally {
    await task.destroy().catch(() => undefined);
  }
}

/**
 * Starts reading. Both halves of pdf.js run in this thread, which is a worker of ours already: with the worker half loaded
 * it looks for no worker script. (Loaded inside a worker, that half also greets that worker's owner once, with a message
 * that belongs to no call and is ignored.) Nothing is drawn, so no picture or code of the file is used, and of fonts only
 * which letters their glyphs are.
 */
async function load(data: Uint8Array<ArrayBuffer>): Promise<PDFDocumentLoadingTask> {
  await import('pdfjs-dist/legacy/build/pdf.worker.mjs');
  const { getDocument, VerbosityLevel } = await import('pdfjs-dist/legacy/build/pdf.mjs');
  return getDocument({
    data,
    CMapReaderFactory: PackagedCMaps,
    isEvalSupported: false,
    useWorkerFetch: false,
    useSystemFonts: false,
    useWasm: false,
    disableFontFace: true,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    enableXfa: false,
    verbosity: VerbosityLevel.WARNINGS
  });
}

async function readPage(
  pdf: PDFDocumentProxy,
  number: number
): Promise<{ blocks: Block[]; problems: ImportProblem[] }> {
  const where = `page ${number}`;
  try {
    const { value: items, warnings } = await hearWarnings(() => itemsOf(pdf, number));
    const runs = sortRuns(items.slice(0, MAX_RUNS));
    const blocks = layOutPage(runs).map((block) => ({ ...block, page: number }));
    return {
      blocks,
      problems: leftOut(items.length, runs, warnings).map((what) => problem(where, what, ''))
    };
  } catch (error) {
    return { blocks: [], problems: [problem(where, `cannot be read: ${(error as Error).message}`, '')] };
  }
}

async function itemsOf(pdf: PDFDocumentProxy, number: number): Promise<TextItem[]> {
  const page = await pdf.getPage(number);
  const { items, styles } = await page.getTextContent({ disableNormalization: false });
  page.cleanup();
  return items.flatMap((item) => {
    if (!('str' in item)) return [];
    const { str, transform, width, height, fontName } = item;
    const isVertical = styles[fontName]?.vertical === true;
    return [{ str, transform: transform as number[], width, height, isVertical }];
  });
}

/** Text that is on the page and was not read: it must not go unsaid. */
function leftOut(items: number, { unreadable }: PageRuns, warnings: readonly string[]): string[] {
  const characters = `${unreadable} characters are left out: their font does not say which letters they are`;
  return [
    ...lossesIn(warnings).map((loss) => `${loss} is left out`),
    ...(items > MAX_RUNS ? [`only the first ${MAX_RUNS} of its ${items} pieces of text are read`] : []),
    ...(unreadable > 0 ? [characters] : [])
  ];
}

/** What is turned otherwise stands before the last block, which may go on with the next page. */
function layOutPage({ main, asides }: PageRuns): Block[] {
  const blocks = layOut(main);
  const turned = asides.flatMap((runs) => layOut(runs));
  return blocks.length > 1
    ? [...blocks.slice(0, -1), ...turned, ...blocks.slice(-1)]
    : [...blocks, ...turned];
}

async function titleOf(pdf: PDFDocumentProxy): Promise<string | undefined> {
  const metadata = await pdf.getMetadata().catch(() => undefined);
  const title: unknown = (metadata?.info as { Title?: unknown } | undefined)?.Title;
  return typeof title === 'string' && title.trim() !== '' ? title.trim().slice(0, 300) : undefined;
}

function refusal(name: string, cause: unknown): TabtuneError {
  const details = { file: name };
  if (cause instanceof Error && cause.name === 'PasswordException') {
    return new PdfPasswordError(
      `${name} is protected by a password. Open it with the password and print or save it as an open PDF.`,
      { cause, details }
    );
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PdfError(`${name} cannot be read as PDF: ${why} Open it in a PDF program and save it again.`, {
    cause,
    details
  });
}

function noText(name: string, pages: number, fault: ImportProblem | undefined): TabtuneError {
  const details = { file: name, pages };
  if (fault) {
    return new PdfError(
      `${name} has no text that can be read. On ${fault.where}: ${fault.reason}. Save its text as a text file, or run ` +
        'it through text recognition (OCR).',
      { details }
    );
  }
  return new ScannedPdfError(
    `${name} has no text on any of its ${pages} pages: it seems to be scanned. Run it through text recognition (OCR) first.`,
    { details }
  );
}
