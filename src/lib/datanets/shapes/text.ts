import { z } from 'zod';
import { ShapeProblem, check, hasKeys, readOrigin, type RowShape } from './shape';

/** `{"text":"..."}`: running text, every token of which is trained on. */
export const textShape: RowShape = {
  name: 'text',
  matches: (value) => hasKeys(value, 'text'),
  read(value) {
    const text = check(z.string(), value.text, ['text']);
    if (text.trim() === '') throw new ShapeProblem('text: the text is empty');
    return { text, ...readOrigin(value) };
  }
};
