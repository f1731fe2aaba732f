/** What the Hugging Face hub reads of a model card: https://huggingface.co/docs/hub/model-cards#model-card-metadata */
import type { ModelCard } from './model-card';

/** SPDX identifiers whose lower case the hub knows, and those that it calls otherwise. */
const HUB_LICENCES = new Set(
  (
    'apache-2.0 mit bsd-2-clause bsd-3-clause gpl-2.0 gpl-3.0 lgpl-3.0 agpl-3.0 mpl-2.0 unlicense wtfpl zlib cc0-1.0 ' +
    'cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 ' +
    'cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 ' +
    'cdla-permissive-1.0 cdla-permissive-2.0'
  ).split(' ')
);
const HUB_NAMES: Readonly<Record<string, string>> = {
  'odc-by-1.0': 'odc-by',
  'odbl-1.0': 'odbl',
  'pddl-1.0': 'pddl'
};

/** Names that the hub takes for a model: `owner/name`, or the name alone. */
const MODEL_ID = /^[A-Za-z0-9][\w.-]{0,95}(?:\/[A-Za-z0-9][\w.-]{0,95})?$/;

/** An object of strings, finite numbers, lists and objects only. */
export function cardMetadata(card: ModelCard): Record<string, unknown> {
  const { base, data } = card;
  const languages = [...new Set(data.flatMap(({ language = '' }) => primaryLanguage(language)))];
  const results = resultsOf(card);
  return {
    // What is no id would be refused; the text names it.
    ...(MODEL_ID.test(base.name) ? { base_model: base.name } : {}),
    library_name: 'peft',
    pipeline_tag: 'text-generation',
    ...licenceOf(card),
    // Not the name: the hub may have a data set of that name which has nothing to do with this one.
    ...(data.length > 0 ? { datasets: [...new Set(data.map(({ datanet }) => datasetId(datanet)))] } : {}),
    ...(languages.length > 0 ? { language: languages } : {}),
    tags: ['lora', 'tabtune'],
    ...(results.length > 0
      ? {
          metrics: results.map(({ type }) => type),
          'model-index': [
            {
              name: plainText(card.name, 200) || 'Adapter',
              results: [
                {
                  task: { type: 'text-generation', name: 'Text generation' },
                  dataset: { type: data[0] ? datasetId(data[0].datanet) : 'rows', name: heldOutName(card) },
                  metrics: results
                }
              ]
            }
          ]
        }
      : {})
  };
}

/** The licence of all rows, where they have one; else people have to read. */
function licenceOf({ data }: ModelCard): Record<string, string> {
  const licences = [...new Set(data.map(({ licence }) => licence?.toLowerCase()))];
  const [only] = licences;
  if (licences.length === 0 || only === undefined) return { license: 'unknown' };
  const known = HUB_NAMES[only] ?? (HUB_LICENCES.has(only) ? only : undefined);
  if (licences.length === 1 && known !== undefined) return { license: known };
  return { license: 'other', license_name: 'licences-of-the-rows' };
}

function resultsOf({ heldOut }: ModelCard): { type: string; value: number; name: string }[] {
  const loss = heldOut?.after;
  if (loss === undefined || !Number.isFinite(loss)) return [];
  const perplexity = Math.exp(loss);
  return [
    { type: 'loss', value: rounded(loss), name: 'Held-out loss, nats per token' },
    ...(Number.isFinite(perplexity)
      ? [{ type: 'perplexity', value: rounded(perplexity), name: 'Held-out perplexity' }]
      : [])
  ];
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

function heldOutName({ data, heldOut }: ModelCard): string {
  const names = data.filter(({ inherited }) => !inherited).map(({ name }) => plainText(name, 200));
  const rows = `${heldOut?.rows ?? 0} rows held out`;
  return names.length > 0 ? `${rows} of ${names.join(', ')}` : rows;
}

/** The language that a BCP 47 tag begins with, in ISO 639. */
function primaryLanguage(tag: string): string[] {
  const [language] = tag.toLowerCase().split('-');
  return /^[a-z]{2,3}$/.test(language) ? [language] : [];
}

function datasetId(datanet: string): string {
  return `datanet-${datanet.replace(/[^0-9A-Za-z-]/g, '')}`.slice(0, 90);
}

/**
 * Text of one line that can be printed: no controls, none of the marks that turn the direction of what follows, nothing that
 * PyYAML refuses to read.
 */
export function plainText(text: string, length: number): string {
  const shown = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffe\uffff]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return shown.length <= length ? shown : `${shown.slice(0, length - 1)}…`.toWellFormed();
}
