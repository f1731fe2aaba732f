/** Where the parts of a model meet: its config, its weights and its tokeniser are compared before anything is computed. */
import { TabtuneError } from '../errors';
import type { Checkpoint } from '../formats/checkpoint';
import { loadTokenizer, type ChatTokenizer } from '../formats/tokenizer';
import { tokenizerNotices } from '../formats/tokenizer-agreement';
import { parseDecoderConfig, type DecoderConfig } from '../gpu/model/config';
import { checkShapes } from '../gpu/model/load';

/** config.json or generation_config.json names a token that the model has no row for. */
export class SpecialTokenError extends TabtuneError {}

export interface JoinedModel {
  readonly checkpoint: Checkpoint;
  readonly tokenizer: ChatTokenizer;
  readonly config: DecoderConfig;
  /** What the person should know of these files, in sentences. */
  readonly notices: readonly string[];
}

/**
 * Checks that what a checkpoint brings belongs together.
 * @throws UnsupportedModelError, WeightShapeError, MissingTensorError, SpecialTokenError, TokenizerError
 */
export async function joinModel(checkpoint: Checkpoint): Promise<JoinedModel> {
  const config = parseDecoderConfig(checkpoint.config);
  checkShapes(checkpoint, config);
  checkSpecialIds('config.json', checkpoint.config, config.vocabulary);
  checkSpecialIds('generation_config.json', checkpoint.generation, config.vocabulary);
  const tokenizer = await loadTokenizer(checkpoint.tokenizer, config.vocabulary);
  const beyond = tokenizer.eosIds.find((id) => id >= config.vocabulary);
  if (beyond !== undefined && tokenizer.eosIds.every((id) => id >= config.vocabulary))
    throw specialTokenError(
      'The tokeniser',
      `end token ${tokenizer.tokenText(beyond)}`,
      beyond,
      config.vocabulary
    );
  const notices = [
    ...(checkpoint.notices ?? []),
    ...dropoutNotice(checkpoint.config),
    ...tokenizerNotices(checkpoint.tokenizer)
  ];
  return { checkpoint, tokenizer, config, notices };
}

/** Ids that models name. A padding of -1 is none. */
const specialFields = ['bos_token_id', 'eos_token_id', 'pad_token_id'] as const;

function checkSpecialIds(file: string, json: unknown, rows: number): void {
  if (typeof json !== 'object' || json === null) return;
  for (const field of specialFields) {
    const stated = (json as Record<string, unknown>)[field];
    for (const id of Array.isArray(stated) ? (stated as unknown[]) : [stated]) {
      if (id === null || id === undefined || (id === -1 && field === 'pad_token_id')) continue;
      if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < rows) continue;
      throw specialTokenError(file, field, id, rows);
    }
  }
}

function specialTokenError(where: string, what: string, id: unknown, rows: number): SpecialTokenError {
  return new SpecialTokenError(
    `${where} has ${what} = ${JSON.stringify(id)}, and the model's embedding has the ${rows} rows 0 to ${rows - 1}. ` +
      'The files belong to different models, or a token was added and the embedding not resized: use the files that belong to the weights.',
    { details: { where, what, id: String(id), rows } }
  );
}

/** Dropout inside the base, which transformers applies while it trains and nobody does afterwards. */
function dropoutNotice(config: unknown): string[] {
  const dropout = (config as { attention_dropout?: unknown } | null)?.attention_dropout;
  if (typeof dropout !== 'number' || dropout === 0) return [];
  return [
    `config.json has attention_dropout = ${dropout}, which is not applied in training here. The dropout of the adapter is a setting of the run.`
  ];
}
