import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TextFinding } from './check';
import { personalDataFinder } from './personal-data/personal-data';
import { findSecrets } from './secrets/secrets';

/** A sentence of `tools/reference/personal_data.py`, in which whoever wrote it marked what should be found. */
interface Labelled {
  language: string;
  parts: (string | { kind: string; value: string[] })[];
}

interface Mark {
  kind: string;
  start: number;
  end: number;
}

/** The text, and where in it what is. */
function assemble({ parts }: Labelled): { text: string; marks: Mark[] } {
  let text = '';
  const marks: Mark[] = [];
  for (const part of parts) {
    const value = typeof part === 'string' ? part : part.value.join('');
    if (typeof part !== 'string')
      marks.push({ kind: part.kind, start: text.length, end: text.length + value.length });
    text += value;
  }
  return { text, marks };
}

const rows = readFileSync(new URL('../../../../tests/goldens/personal-data.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Labelled);

describe('personal data and secrets on the labelled set', () => {
  it('finds at least 95 % of each kind, to the character, and is right at least 95 % of the times', async () => {
    const counts = new Map<string, { right: number; missed: number; wrong: number }>();
    const count = (kind: string, what: 'right' | 'missed' | 'wrong') => {
      const of = counts.get(kind) ?? { right: 0, missed: 0, wrong: 0 };
      of[what] += 1;
      counts.set(kind, of);
    };
    const mistakes: string[] = [];
    for (const row of rows) {
      const { text, marks } = assemble(row);
      const found: TextFinding[] = [...(await personalDataFinder(row.language))(text), ...findSecrets(text)];
      const same = (a: Mark) => (b: Mark) => a.kind === b.kind && a.start === b.start && a.end === b.end;
      for (const mark of marks) {
        const hit = found.some(same(mark));
        count(mark.kind, hit ? 'right' : 'missed');
        if (!hit) mistakes.push(`missed ${mark.kind} ${text.slice(mark.start, mark.end)} in: ${text}`);
      }
      for (const finding of found) {
        if (marks.some(same(finding))) continue;
        count(finding.kind, 'wrong');
        mistakes.push(`wrong ${finding.kind} ${text.slice(finding.start, finding.end)} in: ${text}`);
      }
    }
    const figures = Array.from(counts, ([kind, { right, missed, wrong }]) => ({
      kind,
      items: right + missed,
      recall: right / Math.max(1, right + missed),
      precision: right / Math.max(1, right + wrong)
    }));
    process.stdout.write(
      figures
        .map(
          (f) =>
            `${f.kind}: ${f.items} items, recall ${f.recall.toFixed(3)}, precision ${f.precision.toFixed(3)}\n`
        )
        .join('')
    );
    expect(rows.length).toBeGreaterThanOrEqual(300);
    const low = figures.filter(({ recall, precision }) => recall < 0.95 || precision < 0.95);
    expect({ low, mistakes: low.length > 0 ? mistakes : [] }).toEqual({ low: [], mistakes: [] });
  });

  it('never repeats in a message what it found', async () => {
    for (const row of rows) {
      const { text, marks } = assemble(row);
      const found = [...(await personalDataFinder(row.language))(text), ...findSecrets(text)];
      for (const { message, mask = '' } of found) {
        for (const { start, end } of marks) expect(message + mask).not.toContain(text.slice(start, end));
      }
    }
  });
});
