import { TEMPLATE_LIMITS, TemplateRunError, type Budget } from './limits';

/** What a template writes. */
export class Output {
  readonly #budget: Budget;
  readonly #pieces: string[] = [];
  #length = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get text(): string {
    return this.#pieces.join('');
  }

  /** @throws TemplateRunError where the text becomes too long */
  write(text: string): void {
    this.#budget.text(text);
    this.#length += text.length;
    if (this.#length > TEMPLATE_LIMITS.text) throw new TemplateRunError('it writes a text that is too long');
    this.#pieces.push(text);
  }
}
