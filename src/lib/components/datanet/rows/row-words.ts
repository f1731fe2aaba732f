import type { Finding } from '$lib/datanets/checks/finding';
import { rowTexts } from '$lib/datanets/row';
import type { RowContent } from '$lib/workers/datanets/protocol';

/** As much of a text as a line of a list may need. */
const lineCharacters = 240;

/** A row in two lines: what is asked and what is answered, or how a text begins and goes on. */
export function rowLines(content: RowContent): { first: string; second: string } {
  if ('text' in content) {
    const start = content.text.slice(0, 4 * lineCharacters).trim();
    const end = start.search(/\n/);
    if (end < 0) return { first: oneLine(start), second: '' };
    return { first: oneLine(start.slice(0, end)), second: oneLine(start.slice(end)) };
  }
  const asked = content.messages.find((message) => message.role !== 'system') ?? content.messages.at(0);
  const answered = content.messages.findLast((message) => message.role === 'assistant');
  return {
    first: oneLine(asked?.content ?? ''),
    second: answered && answered !== asked ? oneLine(answered.content) : ''
  };
}

function oneLine(text: string): string {
  const line = text
    .slice(0, 2 * lineCharacters)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > lineCharacters ? `${line.slice(0, lineCharacters)}…` : line;
}

/** The parts of a row's words, each with its name in findings (`text`, `messages.2.content`). */
export function rowFields(content: RowContent): { field: string; role?: string; text: string }[] {
  return rowTexts(content).map(({ path, role, text }) => ({
    field: path.join('.'),
    text,
    ...(role === undefined
      ? {}
      : { role: path[2] === 'content' ? role : `${role}: ${path.slice(2).join('.')}` })
  }));
}

export interface MarkedPiece {
  text: string;
  /** What was found here; empty for ordinary text. */
  findings: Finding[];
}

/** Cuts a field's text at the spans of its findings. Spans may overlap, and may lie outside a text that was edited. */
export function markFindings(text: string, field: string, findings: readonly Finding[]): MarkedPiece[] {
  const spans = findings.flatMap((finding) => {
    if (finding.span?.field !== field) return [];
    const start = Math.max(0, Math.min(finding.span.start, text.length));
    const end = Math.max(start, Math.min(finding.span.end, text.length));
    return end > start ? [{ start, end, finding }] : [];
  });
  const edges = [...new Set([0, text.length, ...spans.flatMap(({ start, end }) => [start, end])])].sort(
    (a, b) => a - b
  );
  return edges.slice(0, -1).map((start, index) => ({
    text: text.slice(start, edges[index + 1]),
    findings: spans.filter((span) => span.start <= start && start < span.end).map((span) => span.finding)
  }));
}

/** Tags as people type them: between commas, without `#`, each once. */
export function parseTags(text: string): string[] {
  const tags = text.split(/[,\n]/).map((tag) => tag.trim().replace(/^#+/, '').replace(/\s+/g, ' '));
  return [...new Set(tags.filter((tag) => tag.length > 0))];
}
