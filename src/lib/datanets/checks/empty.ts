import { checkTexts } from './check';

/** Spaces, and characters that take no room: a text of nothing else looks empty. */
const BLANK = /^[\s\p{Cf}\p{Cc}\u115f\u1160\u3164\u2800]*$/u;

/** Texts with nothing in them. An answer or a text without words is an error; the other turns may be left empty. */
export const checkEmpty = checkTexts('empty', ({ text, role }) => {
  if (!BLANK.test(text)) return [];
  const learned = role === undefined || role === 'assistant';
  const what = role === undefined ? 'The text' : learned ? 'An answer' : 'A turn';
  return [
    {
      start: 0,
      end: text.length,
      severity: learned ? ('error' as const) : ('warning' as const),
      kind: learned ? 'empty' : 'empty-turn',
      message: `${what} is empty.`
    }
  ];
});
