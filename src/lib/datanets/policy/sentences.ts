import { USES, type Conditions, type Policy, type Use } from './policy';

/** Each use as the subject of a sentence. */
const SUBJECTS: Record<Use, string> = {
  training: 'Training models on the rows',
  evaluation: 'Measuring models with the rows',
  retrieval: 'Looking rows up for a model that answers',
  display: 'Showing the rows to people',
  redistribution: 'Passing the rows on'
};

/** A policy in plain sentences, one a use, in the order of `USES`. */
export function policySentences(policy: Policy): string[] {
  return USES.map((use) => {
    const rule = policy[use];
    if (rule.rule !== 'conditions') return `${SUBJECTS[use]} is ${rule.rule}.`;
    const parts = conditionParts(rule);
    // Conditions without any condition allow, as they would in a decision.
    if (parts.length === 0) return `${SUBJECTS[use]} is allowed.`;
    return `${SUBJECTS[use]} is allowed ${parts.join(', and ')}.`;
  });
}

/** Conditions as sentences of their own; one that says so where there are none. */
export function conditionWords(conditions: Conditions): string[] {
  const parts = conditionParts(conditions);
  if (parts.length === 0) return ['There are no conditions, and no end date.'];
  return parts.map((part) => `This holds ${part}.`);
}

/** A use as the subject of half a sentence, such as `training models on the rows`. */
export function useWords(use: Use): string {
  return SUBJECTS[use].charAt(0).toLowerCase() + SUBJECTS[use].slice(1);
}

/** `training, evaluation and display`. */
export function useList(uses: readonly Use[]): string {
  if (uses.length < 2) return uses.join('');
  return `${uses.slice(0, -1).join(', ')} and ${uses[uses.length - 1]}`;
}

function conditionParts({ purposes, expires, runs, attribution }: Conditions): string[] {
  const parts: string[] = [];
  if (purposes) {
    parts.push(
      purposes.length === 0 ? 'for no purpose at all' : `only for ${purposes.map(quoted).join(' or ')}`
    );
  }
  if (expires !== undefined) parts.push(`until ${momentWords(expires)}`);
  if (runs !== undefined)
    parts.push(`in at most ${runs.toLocaleString('en')} ${runs === 1 ? 'run' : 'runs'} by one person`);
  if (attribution) parts.push('with the contributors named where results are shown');
  return parts;
}

/** `24 November 2026, 09:30 UTC`. */
export function momentWords(moment: string): string {
  const text = new Date(moment).toLocaleString('en-GB', {
    timeZone: 'UTC',
    dateStyle: 'long',
    timeStyle: 'short'
  });
  return `${text.replace(' at ', ', ')} UTC`;
}

/**
 * Somebody's own text, with marks around it, so that it is not taken for a sentence of Tabtune. Such marks in the
 * text become plain ones.
 */
export function quoted(text: string): string {
  return `“${text.replaceAll(/[“”]/g, '"')}”`;
}
