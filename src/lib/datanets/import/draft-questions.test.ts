import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../../tests/support/fuzz';
import { draftPrompt, parseDraft } from './draft-questions';

const PAIRS = [
  { question: 'Who?', answer: 'Ann.' },
  { question: 'Where?', answer: 'In Pelhaven,\nby the sea.' }
];

describe('an answer of a model is read', () => {
  it.each([
    ['as asked', 'Q: Who?\nA: Ann.\n\nQ: Where?\nA: In Pelhaven,\nby the sea.'],
    ['numbered', '1. Q: Who?\n   A: Ann.\n2. Q: Where?\nA: In Pelhaven,\nby the sea.\n'],
    [
      'bold',
      'Sure!\n\n**Question 1:** Who?\n**Answer 1:** Ann.\n\n---\n\n**Question 2:** Where?\n**Answer:** In Pelhaven,\nby the sea.'
    ],
    ['as JSON', `\`\`\`json\n${JSON.stringify(PAIRS)}\n\`\`\``],
    [
      'as JSON in an object',
      `Here: ${JSON.stringify({ pairs: PAIRS.map(({ question, answer }) => ({ Q: question, A: answer })) })}`
    ]
  ])('%s', (_how, answer) => {
    expect(parseDraft(answer)).toEqual(PAIRS);
  });

  it('without what is cut off, repeated or only the form', () => {
    const answer = 'Q: the question\nA: the answer\nQ: Who?\nA: Ann.\nQ: who?\nA: Again.\nQ: And why\n';
    expect(parseDraft(answer)).toEqual([{ question: 'Who?', answer: 'Ann.' }]);
  });

  it('whatever it is, quickly', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.string(), fc.constantFrom('Q:', 'A: x', '[', '{"q":', '**Q**', ' '.repeat(500))),
          { maxLength: 40 }
        ),
        (lines) => {
          for (const pair of parseDraft(lines.join('\n'))) {
            expect(pair.question.trim()).not.toBe('');
            expect(pair.answer.trim()).not.toBe('');
          }
        }
      ),
      fuzz(100)
    );
  });
});

it('the prompt holds the passage whole and last, after the form of the answer', () => {
  const [system, user] = draftPrompt('The passage text.', 3);
  expect(system.role).toBe('system');
  expect(user.content).toMatch(/3 different questions[\s\S]*Q: [\s\S]*A: [\s\S]*The passage text\.$/);
});
