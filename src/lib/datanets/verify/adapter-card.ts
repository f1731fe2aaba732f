/** What README.md beside an adapter is, and whether it is about this adapter as far as that can be seen. */
import { isNamedSo, readModelCard, type CardNames } from '../../formats/model-card-reading';
import type { PaceOptions } from '../pace';
import { quoted } from '../policy/sentences';
import { listed } from '../trust/short';
import type { CheckList } from './report';
import { unpackText, type ZipEntry } from './zip';

/** Far longer than any card; what is longer is not compared. */
const MAX_CARD_BYTES = 2 ** 20;

/** What lies beside a card. */
export interface BesideCard {
  /** Of the weights, in hexadecimal. */
  sha256: string;
  /** adapter_config.json and run.json, where they are there and can be read. */
  config: Record<string, unknown> | undefined;
  run: Record<string, unknown> | undefined;
}

/** The check `README.md`. @throws the abort reason */
export async function checkCard(
  list: CheckList,
  entry: ZipEntry,
  beside: BesideCard,
  { signal }: PaceOptions
): Promise<void> {
  const name = 'README.md';
  await list.attempt(name, async () => {
    const card = readModelCard(await unpackText(entry, MAX_CARD_BYTES, { signal }));
    if (!card) {
      list.unknown(
        name,
        'It is no model card of Tabtune’s: words of whoever packed it, which no signature covers, and which were compared with nothing.'
      );
      return;
    }
    const differs = differencesOf(card, beside);
    list.expect(
      name,
      differs.length === 0,
      'It is a model card as Tabtune writes it. The weights (SHA-256), base, rank and scale that it names are those beside it; no signature covers its other words.',
      `It is a model card as Tabtune writes it, and about another adapter: ${listed(differs)}.`
    );
  });
}

function differencesOf(card: CardNames, { sha256, config, run }: BesideCard): string[] {
  const differs: string[] = [];
  const told = (what: string, says: string, is: unknown) =>
    differs.push(`${what} is ${quoted(String(is).slice(0, 80))}, not ${quoted(says.slice(0, 80))}`);
  if (card.sha256 !== sha256) told('the SHA-256 of the weights', card.sha256, sha256);
  if (config) {
    if (String(config['r']) !== card.rank) told('the rank', card.rank, config['r']);
    if (String(config['lora_alpha']) !== card.alpha) told('alpha', card.alpha, config['lora_alpha']);
    if ((config['use_rslora'] === true) !== card.rsLora)
      told('use_rslora', String(card.rsLora), config['use_rslora']);
    const { model } = (run?.['config'] ?? {}) as { model?: unknown };
    const bases = [config['base_model_name_or_path'], model].filter((each) => typeof each === 'string');
    if (!bases.some((base) => isNamedSo(card, base))) told('the base', card.base, bases[0]);
  }
  const { base } = (run?.['sha256'] ?? {}) as { base?: unknown };
  if (typeof base === 'string' && card.baseSha256 !== undefined && base !== card.baseSha256)
    told('the SHA-256 of the base', card.baseSha256, base);
  return differs;
}
