import { TabtuneError } from '../../errors';
import { changeTexts, type RowContent } from '../row';
import type { Finding } from './finding';

/** A finding is of another text than the row now has: it was edited or masked since the check. */
export class StaleFindingError extends TabtuneError {}

/**
 * The content with what findings point at put behind their masks: `[e-mail]` for an address, nothing for a hidden
 * character. Findings without a span or a mask change nothing. Of two that overlap, both go behind the first's mask.
 * @param findings of this row, from whenever it was checked.
 * @param recheck finds anew in the content as it is now: only what is found again, at the same place, is masked.
 * @throws StaleFindingError where one of them is not found again; nothing is masked then.
 */
export function maskContent(
  content: RowContent,
  findings: readonly Finding[],
  recheck: (content: RowContent) => Finding[]
): RowContent {
  const wanted = findings.filter(({ span, mask }) => span && mask !== undefined);
  if (wanted.length === 0) return content;
  const now = new Map(recheck(content).map((finding) => [placeOf(finding), finding]));
  const found = wanted.map((finding) => now.get(placeOf(finding)) ?? refuse(finding));
  return changeTexts(content, (text, path) => maskText(text, path.join('.'), found));
}

/** What makes two findings the same, whenever they were found. */
function placeOf({ check, kind, span }: Finding): string {
  return JSON.stringify([check, kind, span?.field, span?.start, span?.end]);
}

function maskText(text: string, field: string, findings: readonly Finding[]): string {
  const spans = findings.flatMap(({ span, mask }) =>
    span?.field === field ? [{ ...span, mask: mask ?? '' }] : []
  );
  let masked = '';
  let done = 0;
  for (const { start, end, mask } of spans.sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (start >= done) masked += text.slice(done, start) + mask;
    done = Math.max(done, end);
  }
  return masked + text.slice(done);
}

function refuse({ row, check, kind, span }: Finding): never {
  throw new StaleFindingError(
    'This row is not the one that was checked: it has changed since. Check again, then mask.',
    { details: { row, check, kind, field: span?.field } }
  );
}
