/** A question and its answer, as a first draft. */
export interface DraftedPair {
  question: string;
  answer: string;
}

/** Whatever can write a first draft of a question and answer about a text. */
export interface Drafter {
  /** What it is called: the name of a model. */
  readonly name: string;
  /**
   * @throws what went wrong, in words; nothing is kept of a draft that failed
   */
  draft(text: string): Promise<DraftedPair>;
}

/** What a model is asked to do with a text. */
export function draftingPrompt(text: string): string {
  return `Write one question that the following text answers, and its answer. Begin the lines with "Question:" and "Answer:".\n\n${text}`;
}

/** Question and answer out of what a model wrote; what it wrote is the answer where it kept to no form. */
export function readPair(reply: string): DraftedPair {
  const match = /question\s*:\s*([\s\S]*?)\banswer\s*:\s*([\s\S]*)/i.exec(reply);
  if (!match) return { question: '', answer: reply.trim() };
  const [, question, rest] = match;
  // Small models go on with a second pair.
  const [answer] = rest.split(/\n\s*question\s*:/i);
  return { question: question.trim(), answer: answer.trim() };
}
