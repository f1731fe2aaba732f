import { addApart, checkTexts, type TextFinding } from '../check';
import { findEncodedText } from './encoded';
import { MARKUP, PHRASES } from './phrases';

/**
 * Text that talks to a model rather than to people: orders to ignore instructions, requests for the system prompt,
 * marks of chat templates and tool calls, text hidden in base64. Rows that are about such things are found too: somebody
 * should look.
 */
export function findInjections(text: string): TextFinding[] {
  const found = [...MARKUP, ...PHRASES]
    .filter(({ hint }) => hint.test(text))
    .map(({ kind, message, pattern }) =>
      Array.from(text.matchAll(pattern), ({ 0: match, index }): TextFinding => ({
        start: index,
        end: index + match.length,
        severity: 'warning',
        kind,
        message
      }))
    );
  return [...found, findEncodedText(text)].reduce(addApart, []);
}

export const checkPromptInjection = checkTexts('prompt-injection', ({ text }) => findInjections(text));
