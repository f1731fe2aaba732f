import { TabtuneError } from '../../errors';

/** The template is not Jinja, or uses what chat templates do not have here. */
export class TemplateSyntaxError extends TabtuneError {}

/** The template ran into an error, raised one itself, or would run for too long. */
export class TemplateRunError extends TabtuneError {}

/** Templates come with models, from strangers: what one rendering may take. */
export const TEMPLATE_LIMITS = {
  /** Nesting of expressions and blocks, and of macros that call one another. */
  depth: 400,
  /** Statements and expressions evaluated, and stretches of 32 characters gone through. */
  steps: 1_000_000,
  /** UTF-16 units of any text made. */
  text: 64 * 1024 * 1024
} as const;

/** Counts what a rendering takes. */
export class Budget {
  #steps = 0;
  #depth = 0;

  /** @throws TemplateRunError where the rendering has taken too many steps */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > TEMPLATE_LIMITS.steps) {
      throw new TemplateRunError('it runs for too long: its loops do not seem to end');
    }
  }

  /** Accounts for a text that is gone through or made, and gives it back. @throws TemplateRunError */
  text(text: string): string {
    this.room(text.length);
    return text;
  }

  /** Asks for room for a text before it is made. @throws TemplateRunError */
  room(length: number): void {
    if (length > TEMPLATE_LIMITS.text) {
      throw new TemplateRunError('it makes a text that is too long');
    }
    this.spend(length >>> 5);
  }

  /** Runs something one level deeper. @throws TemplateRunError */
  deeper<T>(run: () => T): T {
    if (this.#depth >= TEMPLATE_LIMITS.depth) throw new TemplateRunError('it nests too deep');
    this.#depth += 1;
    try {
      return run();
    } finally {
      this.#depth -= 1;
    }
  }
}
