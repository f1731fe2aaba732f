import { describe, expect, it } from 'vitest';
import { arePrompts, completePrompts, promptsObstacle, readPromptLines } from './prompts';

const lamp = { question: 'What burns in the lamp?', answer: 'Clove oil.' };
const flag = { question: 'Why a green flag?', answer: 'The pilot is asleep.' };

describe('wanted answers', () => {
  it('are read from lines as a spreadsheet copies them, and what is no pair is counted', () => {
    const text = `${lamp.question}\t${lamp.answer}\r\n\n  ${flag.question} \tThe pilot\tis asleep.\nno answer\n\tno question`;
    expect(readPromptLines(text)).toEqual({ prompts: [lamp, flag], refused: 2 });
    expect(readPromptLines('')).toEqual({ prompts: [], refused: 0 });
  });

  it('say what is missing before they can be measured', () => {
    const empty = { question: ' ', answer: '' };
    expect(promptsObstacle([empty, empty])).toMatch(/two questions/);
    expect(promptsObstacle([lamp, empty])).toMatch(/one more/);
    expect(promptsObstacle([lamp, { question: 'Why?', answer: ' ' }])).toBe(
      'Question 2 lacks its wanted answer.'
    );
    expect(promptsObstacle([{ question: '', answer: 'Yes' }, lamp])).toBe('Question 1 lacks its question.');
    expect(promptsObstacle([lamp, empty, flag])).toBeUndefined();
    expect(completePrompts([{ question: ' a ', answer: 'b ' }, empty])).toEqual([
      { question: 'a', answer: 'b' }
    ]);
  });

  it('are taken from what was kept only where they are whole', () => {
    expect(arePrompts([lamp])).toBe(true);
    for (const odd of [null, {}, [], [null], [{ question: 'a' }], Array(21).fill(lamp)])
      expect(arePrompts(odd)).toBe(false);
    expect(arePrompts([{ question: 'a', answer: 'x'.repeat(4001) }])).toBe(false);
  });
});
