import { proxy } from 'comlink';
import { readSetting } from '$lib/components/app/settings';
import { isRemembered } from '$lib/components/models/model.svelte';
import { draftPrompt, parseDraft, type QuestionPair } from '$lib/datanets/import/draft-questions';
import { TabtuneError } from '$lib/errors';
import type { WorkerClient } from '$lib/workers/client';
import type { ChatMessage, DataWorker, GpuWorker, ModelChoice } from '$lib/workers/protocol';

/** A model wrote something else than a question and an answer. */
export class NoDraftError extends TabtuneError {}

/** Whatever can write a first draft of a question and its answer about a text. */
export interface Drafter {
  /** What it is called: the name of a model. */
  readonly name: string;
  /** @throws what went wrong, in words */
  draft(text: string): Promise<QuestionPair>;
  /** Frees what it holds. The next draft begins anew. */
  end(): void;
}

/** Long enough for a question and an answer, in tokens. */
const longestReply = 400;

/** Drafts with the base model that was chosen in the workshop, on the GPU of this machine. */
export class ModelDrafter implements Drafter {
  readonly #choice: Exclude<ModelChoice, { kind: 'files' }>;
  readonly #data: WorkerClient<DataWorker>;
  readonly #gpu: WorkerClient<GpuWorker>;
  /** Another draft of the same text is another text. */
  #seed = 0;

  constructor(
    choice: Exclude<ModelChoice, { kind: 'files' }>,
    data: WorkerClient<DataWorker>,
    gpu: WorkerClient<GpuWorker>
  ) {
    this.#choice = choice;
    this.#data = data;
    this.#gpu = gpu;
  }

  get name(): string {
    return this.#choice.kind === 'hub' ? this.#choice.id : 'the starter model';
  }

  async draft(text: string): Promise<QuestionPair> {
    const model = this.#choice;
    const { name } = await this.#data.call((data) => data.openModel(model));
    await this.#gpu.call((gpu) =>
      gpu.openChat(
        { model, modelName: name, quant: 'nf4' },
        proxy(() => undefined)
      )
    );
    this.#seed += 1;
    const options = { maxNewTokens: longestReply, temperature: 0.7, topP: 0.9, seed: this.#seed };
    const reply = await this.#gpu.call((gpu) =>
      gpu.reply(
        draftPrompt(text, 1) as ChatMessage[],
        options,
        false,
        proxy(() => undefined)
      )
    );
    const [pair] = parseDraft(reply.text);
    if (!pair) {
      throw new NoDraftError(
        `${name} wrote no question with an answer about this part. Try again, take smaller parts, or choose a larger model in the workshop.`,
        { details: { reply: reply.text } }
      );
    }
    return pair;
  }

  end(): void {
    this.#data.end();
    this.#gpu.end();
  }
}

/**
 * The model that was chosen in the workshop, if a page can open it: files of the computer are gone after a reload.
 * @param starter address of the starter model, with a slash at the end
 */
export function chosenModel(
  storage: Storage,
  starter: string
): Exclude<ModelChoice, { kind: 'files' }> | undefined {
  const remembered = readSetting(storage, 'model', isRemembered);
  if (remembered?.kind === 'hub') return { kind: 'hub', id: remembered.id };
  return remembered?.kind === 'starter' ? { kind: 'starter', folder: starter } : undefined;
}
