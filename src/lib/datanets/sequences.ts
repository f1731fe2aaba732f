import type { RenderedAnswer } from './answers';

/** A text as the model reads it, and its answers in it. */
export interface Sequence {
  text: string;
  /** Offsets into `text`, ascending. */
  answers: { start: number; end: number; trained: boolean }[];
  /** The last answer ends with no token of the template: the end of text is to be added, and nothing can follow. */
  open: boolean;
  /** What the template writes behind the last answer: read where nothing follows. */
  tail: string;
}

/**
 * Adds an answer to the sequence of the one before it where that is the beginning of its prompt, so that the model reads
 * nothing twice; else to one of its own. Either way it comes after exactly the prompt that will ask for it.
 */
export function addAnswer(sequences: Sequence[], answer: RenderedAnswer, trained: boolean): void {
  const sequence = addPrompt(sequences, answer.prompt);
  const start = sequence.text.length;
  sequence.text += answer.text;
  sequence.answers.push({ start, end: sequence.text.length, trained });
  sequence.open = !answer.ended;
  sequence.tail = answer.ended ? answer.tail : '';
}

/** The sequence that a prompt goes on with, or a new one; its text is then the prompt. */
export function addPrompt(sequences: Sequence[], prompt: string): Sequence {
  const last = sequences.at(-1);
  if (last && !last.open && prompt.startsWith(last.text)) {
    last.text = prompt;
    last.tail = '';
    return last;
  }
  const sequence: Sequence = { text: prompt, answers: [], open: false, tail: '' };
  sequences.push(sequence);
  return sequence;
}
