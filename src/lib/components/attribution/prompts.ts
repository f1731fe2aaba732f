/** What a person would like to be answered, as they type or paste it. */

export interface WantedAnswer {
  question: string;
  answer: string;
}

/** How many are needed to say anything, and how many are measured in a reasonable time. */
export const [leastPrompts, mostPrompts] = [2, 20];

/** A field holds no more: what is longer than any row is cut by the model's length all the same. */
export const longestField = 4000;

/** Reads lines of `question TAB answer`, as a spreadsheet copies them. Lines without both are counted, not taken. */
export function readPromptLines(text: string): { prompts: WantedAnswer[]; refused: number } {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const prompts = lines.flatMap((line) => {
    const [question, ...rest] = line.split('\t');
    const answer = rest.join(' ').trim();
    return question.trim() && answer ? [{ question: question.trim(), answer }] : [];
  });
  return { prompts, refused: lines.length - prompts.length };
}

/** Those with both a question and an answer. */
export function completePrompts(prompts: readonly WantedAnswer[]): WantedAnswer[] {
  return prompts
    .map(({ question, answer }) => ({ question: question.trim(), answer: answer.trim() }))
    .filter(({ question, answer }) => question !== '' && answer !== '');
}

/** What still has to be typed before these can be measured, or undefined. */
export function promptsObstacle(prompts: readonly WantedAnswer[]): string | undefined {
  const half = prompts.findIndex(
    ({ question, answer }) => (question.trim() === '') !== (answer.trim() === '')
  );
  if (half >= 0)
    return `Question ${half + 1} lacks its ${prompts[half].question.trim() ? 'wanted answer' : 'question'}.`;
  const missing = leastPrompts - completePrompts(prompts).length;
  if (missing > 0)
    return `Type ${missing === 1 ? 'one more question' : 'two questions'} with the answer that you would like.`;
  return undefined;
}

/** Whether a value that was kept is a list of these; an older page may have kept something else. */
export function arePrompts(value: unknown): value is WantedAnswer[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= mostPrompts &&
    value.every((each: Partial<WantedAnswer> | null) =>
      [each?.question, each?.answer].every((text) => typeof text === 'string' && text.length <= longestField)
    )
  );
}
