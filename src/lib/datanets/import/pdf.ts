import type { PDFDocumentLoadingTask, PDFDocumentProxy } from 'pdfjs-dist';
import { TabtuneError } from '../../errors';
import type { Block, DocumentPart } from './document';
import type { ImportProblem } from './import';
import { joinContinued, layOut, type TextRun } from './pdf-layout';
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
    const pdf = await task.promise.catch((cause: unknown) => {
      throw refusal(name, cause);
    });
    const title = await titleOf(pdf);
    /** The last block so far, which may go on with the next page. */
    let held: Block[] = [];
    let hasText = false;
    let failures = 0;
    for (let number = 1; number <= pdf.numPages && failures < MAX_FAILURES; number++) {
      await breathe();
      const page = await readPage(pdf, number);
      const { problems } = page;
      hasText ||= page.blocks.length > 0;
      failures = page.blocks.length > 0 ? 0 : failures + 1;
      if (failures === MAX_FAILURES && number < pdf.numPages) {
        problems.push(
          problem(`page ${number + 1}`, `the other ${pdf.numPages - number} pages are left out`, '')
        );
      }
      const isLast = number === pdf.numPages || failures === MAX_FAILURES;
      if (isLast && !hasText) throw noText(name, pdf.numPages);
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
 * that belongs to no call and is ignored.) Nothing is drawn, so no font, picture or code of the file is used.
 */
async function load(data: Uint8Array<ArrayBuffer>): Promise<PDFDocumentLoadingTask> {
  await import('pdfjs-dist/legacy/build/pdf.worker.mjs');
  const { getDocument, VerbosityLevel } = await import('pdfjs-dist/legacy/build/pdf.mjs');
  return getDocument({
    data,
    isEvalSupported: false,
    useWorkerFetch: false,
    useSystemFonts: false,
    useWasm: false,
    disableFontFace: true,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    enableXfa: false,
    verbosity: VerbosityLevel.ERRORS
  });
}

async function readPage(
  pdf: PDFDocumentProxy,
  number: number
): Promise<{ blocks: Block[]; problems: ImportProblem[] }> {
  const where = `page ${number}`;
  try {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent({ disableNormalization: false });
    page.cleanup();
    const runs = items.slice(0, MAX_RUNS).flatMap((item) => ('str' in item ? toRun(item) : []));
    const blocks = layOut(runs).map((block) => ({ ...block, page: number }));
    if (blocks.length > 0) return { blocks, problems: [] };
    return { blocks, problems: [problem(where, 'no text on this page (empty, or a picture)', '')] };
  } catch (error) {
    return { blocks: [], problems: [problem(where, `cannot be read: ${(error as Error).message}`, '')] };
  }
}

interface TextItem {
  str: string;
  transform: number[];
  width: number;
  height: number;
}

/** A run as it lies on the page; text that runs up or down the margin is left out. */
function toRun({ str, transform, width, height }: TextItem): TextRun[] {
  const [a, b, c, d, x, y] = transform;
  const size = height || Math.hypot(c, d);
  const isUpright = Math.abs(b) <= Math.abs(a) && [x, y, width, size].every(Number.isFinite);
  return isUpright && str !== '' ? [{ text: str, x, y, width, size }] : [];
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

function noText(name: string, pages: number): ScannedPdfError {
  return new ScannedPdfError(
    `${name} has no text on any of its ${pages} pages: it seems to be scanned. Run it through text recognition (OCR) first.`,
    { details: { file: name, pages } }
  );
}
