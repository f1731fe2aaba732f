import { z } from 'zod';
import {
  AmbiguousCheckpointError,
  MissingConfigError,
  MissingTensorError,
  MissingTokenizerError,
  UnsupportedCheckpointError
} from './checkpoint-errors';
import { bnbState, isBnbPart, openBnbWeight, readBnbForm, readNf4, streamBnb } from './bnb';
import { chooseForm } from './checkpoint-choice';
import { sha256OfFiles } from './digest';
import { generationNotices } from './generation-config';
import { openGgufCheckpoint } from './gguf-checkpoint';
import { checkQuantization } from './quantization-config';
import { streamF32 } from './safetensors';
import { openShards, type Placed } from './shards';
import { baseName, readJson, readText, type ByteSource } from './source';
import { hasOwnHead } from './tied-head';
import type { TokenizerFiles } from './tokenizer';
import type { WeightSource } from './weights';

/** A base model, opened: small things read, weights on demand. */
export interface Checkpoint extends WeightSource {
  /** The object of config.json (or what it would be, for GGUF). */
  readonly config: unknown;
  readonly tokenizer: TokenizerFiles;
  /** The object of generation_config.json. */
  readonly generation?: unknown;
  /** A name to show, and to put into an adapter as its base. */
  readonly name: string;
  /** As the model itself states it, usually an SPDX identifier. */
  readonly license?: string;
  /** What the person should know of these files, in sentences: what is not used, or used otherwise than its name says. */
  readonly notices?: readonly string[];
  /** Of a checkpoint that bitsandbytes quantised: what of it the engine cannot compute in its stored bits. */
  readonly fourBit?: FourBitStorage;
  /**
   * Identifies the base by all files that define it (config, tokenizer, weights; not the README). For one file its own
   * SHA-256; for several the SHA-256 of theirs, in hexadecimal, sorted, one a line:
   * `sha256sum FILES | cut -c1-64 | sort | sha256sum`. Reads every file whole, streaming.
   */
  sha256(signal?: AbortSignal): Promise<string>;
}

/** Matrices by how they are stored. */
export interface FourBitStorage {
  /** In 4 bits of another kind than the engine's, and which: `FP4 in blocks of 64`. */
  readonly foreign: readonly { readonly name: string; readonly form: string }[];
  /** In 16 bits (or 32), beside others in 4. */
  readonly plain: readonly string[];
}
/** The largest tokenizer.json in use has about 35 MB. */
const MAX_TOKENIZER_BYTES = 128 * 2 ** 20;
/** Templates of models with tools have some 20 kB. */
const MAX_TEMPLATE_BYTES = 2 ** 20;

/** Small files that define a model beside its weights. */
const DEFINING = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'chat_template.json'
];

/**
 * Opens a Hugging Face folder's files, or one .gguf.
 * @param options.name the model's id or folder, where the files' names do not carry it
 * @param options.file which of several models in one folder: the name of a .gguf, or of any other file for the folder's own
 * @throws MissingConfigError, MissingTokenizerError, MissingShardError, MissingTensorError when a file or tensor is absent.
 * @throws UnsupportedCheckpointError, AmbiguousCheckpointError, and the errors of the two formats.
 */
export async function openCheckpoint(
  files: readonly ByteSource[],
  options: { name?: string; file?: string; signal?: AbortSignal } = {}
): Promise<Checkpoint> {
  const { ggufs, notices } = chooseForm(files, options.file);
  const opened = ggufs ? await openGgufFile(ggufs, options) : await openFolder(files, options);
  return {
    ...opened,
    notices: [...notices, ...(opened.notices ?? [])],
    sha256: onceRead((signal) => opened.sha256(signal))
  };
}

/** The files are read for their digest once, however often it is asked for; a reading that failed is begun again. */
function onceRead(read: Checkpoint['sha256']): Checkpoint['sha256'] {
  let digest: Promise<string> | undefined;
  return (signal) => {
    digest ??= read(signal).catch((error: unknown) => {
      digest = undefined;
      throw error;
    });
    return digest;
  };
}

async function openGgufFile(
  ggufs: readonly ByteSource[],
  { name, signal }: { name?: string; signal?: AbortSignal }
): Promise<Checkpoint> {
  const [source] = ggufs;
  if (/-\d{5}-of-(?!00001)\d{5}\.gguf$/i.test(source.name)) {
    throw new UnsupportedCheckpointError(
      `${source.name} is one part of a split GGUF. Join the parts with \`llama-gguf-split --merge\`, or choose a smaller file.`,
      { details: { file: source.name } }
    );
  }
  if (ggufs.length > 1) {
    throw new AmbiguousCheckpointError(
      `There are ${ggufs.length} GGUF files: ${ggufs.map(baseName).join(', ')}. Choose one of them.`,
      { details: { files: ggufs.map(baseName) } }
    );
  }
  const { weights, unused, ...rest } = await openGgufCheckpoint(source, signal);
  checkComplete(rest.config, weights, source.name);
  if (unused.length > 0) {
    // The programs that read GGUF take an optional bias or norm wherever a file has one.
    throw new UnsupportedCheckpointError(
      `${source.name} has the tensor ${unused[0]}${unused.length > 1 ? ` and ${unused.length - 1} others` : ''}, for which its architecture has no place here. ` +
        'Choose another file of this model, or its Hugging Face version.',
      { details: { file: source.name, tensors: unused.slice(0, 10) } }
    );
  }
  return {
    ...weights,
    ...rest,
    // Not general.name: converters fill it with the name of some training run.
    name: name ?? baseName(source).replace(/\.gguf$/i, ''),
    sha256: (abort) => sha256OfFiles([source], abort)
  };
}

async function openFolder(
  files: readonly ByteSource[],
  { name, signal }: { name?: string; signal?: AbortSignal }
): Promise<Checkpoint> {
  const find = (wanted: string) => files.find((file) => baseName(file) === wanted);
  const config = await readConfig(files, signal);
  const { tokenizer, notices: tokenizerNotices } = await readTokenizer(files, signal);
  const generationFile = find('generation_config.json');
  const generation = generationFile && (await readJson(generationFile, signal));
  const { tensors, shards } = await openShards(files, signal);
  const { weights, fourBit } = await folderWeights(tensors, signal);
  checkComplete(config, weights, shards.length === 1 ? shards[0].source.name : 'the weight files');
  const ownHead = await hasOwnHead(config, weights, signal);
  const defining = [
    ...files.filter((file) => DEFINING.includes(baseName(file))),
    ...shards.map((shard) => shard.source)
  ];
  return {
    ...weights,
    config: ownHead ? { ...(config as object), tie_word_embeddings: false } : config,
    tokenizer,
    generation,
    notices: [
      ...(ownHead ? [OWN_HEAD] : []),
      ...unusedNotices(config, [...tensors.keys()]),
      ...tokenizerNotices,
      ...generationNotices(generation)
    ],
    ...(fourBit && { fourBit }),
    name: name ?? folderName(files, config),
    license: await readLicense(find('README.md'), signal),
    sha256: (abort) => sha256OfFiles(defining, abort)
  };
}

const OWN_HEAD =
  'config.json ties the head to the embedding (tie_word_embeddings), and the files hold a head of their own that differs: it is used, as transformers 5 does.';

/** Weights by name, where a 4-bit one shows the shape it stands for. */
async function folderWeights(
  tensors: ReadonlyMap<string, Placed>,
  signal?: AbortSignal
): Promise<{ weights: WeightSource; fourBit?: FourBitStorage }> {
  const shapes = new Map<string, readonly number[]>();
  const foreign: { name: string; form: string }[] = [];
  for (const name of tensors.keys()) {
    const state = bnbState(tensors, name);
    if (!state) continue;
    const { shape, foreign: form } = await readBnbForm(state, signal);
    shapes.set(name, shape);
    if (form !== undefined) foreign.push({ name, form });
  }
  const find = (name: string): Placed => {
    const placed = tensors.get(name);
    if (!placed) throw new MissingTensorError(name, 'the weight files');
    return placed;
  };
  const plain = [...tensors.keys()].filter((name) => PROJECTION.test(name) && !shapes.has(name));
  const weights: WeightSource = {
    has: (name) => tensors.has(name),
    shape: (name) => shapes.get(name) ?? find(name).entry.shape,
    async *stream(name, abort) {
      const { source, entry } = find(name);
      if (shapes.has(name)) yield* streamBnb(await openBnbWeight(tensors, name, abort), abort);
      else yield* streamF32(source, entry, abort);
    },
    async nf4(name, abort) {
      find(name);
      return shapes.has(name) ? readNf4(await openBnbWeight(tensors, name, abort), abort) : undefined;
    }
  };
  return shapes.size > 0 ? { weights, fourBit: { foreign, plain } } : { weights };
}

/** A matrix of a layer, which 4-bit checkpoints quantise. */
const PROJECTION = /^model\.layers\.\d+\.(self_attn|mlp)\.\w+_proj\.weight$/;

/** What decides which tensors a decoder of the Llama family has; anything else is the engine's to judge. */
const layout = z.object({
  num_hidden_layers: z.number().int().positive(),
  tie_word_embeddings: z.boolean().optional(),
  model_type: z.enum(['llama', 'mistral', 'qwen2'])
});

const LAYER_TENSORS = [
  'input_layernorm',
  'self_attn.q_proj',
  'self_attn.k_proj',
  'self_attn.v_proj',
  'self_attn.o_proj',
  'post_attention_layernorm',
  'mlp.gate_proj',
  'mlp.up_proj',
  'mlp.down_proj'
];

/** Says at once, not after minutes of loading, which tensor a model of a known family lacks. */
function checkComplete(config: unknown, weights: WeightSource, file: string): void {
  const parsed = layout.safeParse(config);
  if (!parsed.success) return;
  const { num_hidden_layers: layers, tie_word_embeddings: tied = false } = parsed.data;
  const ends = ['model.embed_tokens.weight', 'model.norm.weight', ...(tied ? [] : ['lm_head.weight'])];
  const require = (name: string) => {
    if (!weights.has(name)) throw new MissingTensorError(name, file);
  };
  // One after the other, as the first that is missing ends it: what the config says of layers need not be so.
  for (let layer = 0; layer < layers; layer++) {
    for (const stem of LAYER_TENSORS) require(`model.layers.${layer}.${stem}.weight`);
  }
  ends.forEach(require);
}

/** Tensors that files carry along and nothing is computed from: tables that follow from config.json. */
const DERIVED = /(\.rotary_emb\.(inv_freq|cos_cached|sin_cached)|\.masked_bias|\.attn\.bias)$/;

/** Says which tensors of the files a decoder of this family has no place for. transformers leaves them as well. */
function unusedNotices(config: unknown, names: readonly string[]): string[] {
  const parsed = layout.safeParse(config);
  if (!parsed.success) return [];
  const { num_hidden_layers: layers, model_type: family } = parsed.data;
  const used = (name: string) => {
    const match = /^model\.layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name);
    if (!match) return ['model.embed_tokens.weight', 'model.norm.weight', 'lm_head.weight'].includes(name);
    const [, layer, stem, kind] = match;
    if (Number(layer) >= layers) return false;
    if (kind === 'weight') return LAYER_TENSORS.includes(stem);
    return family === 'qwen2' && /^self_attn\.[qkv]_proj$/.test(stem);
  };
  const unused = names.filter((name) => !used(name) && !isBnbPart(name) && !DERIVED.test(name));
  if (unused.length === 0) return [];
  const count = `${unused.length} ${unused.length === 1 ? 'tensor' : 'tensors'}`;
  return [
    `${count} of the files ${unused.length === 1 ? 'is' : 'are'} not part of a ${family} of ${layers} layers and not used: ` +
      `${unused.slice(0, 3).join(', ')}${unused.length > 3 ? ', …' : ''}. If they belong to the model, config.json is of another one.`
  ];
}

async function readConfig(files: readonly ByteSource[], signal?: AbortSignal): Promise<unknown> {
  const file = files.find((candidate) => baseName(candidate) === 'config.json');
  if (!file) {
    const adapter = files.some((candidate) => baseName(candidate) === 'adapter_config.json');
    throw new MissingConfigError(
      adapter
        ? 'These files are an adapter, not a model: config.json is missing. Choose the base model, and add the adapter to it.'
        : 'config.json is missing among the files. Choose the whole folder of a Hugging Face model, or one .gguf file.',
      { details: { files: files.map(baseName) } }
    );
  }
  const config = await readJson(file, signal);
  checkQuantization(config, file.name);
  return config;
}

/** tokenizer.json, tokenizer_config.json and the chat template, wherever this model keeps it. */
async function readTokenizer(
  files: readonly ByteSource[],
  signal?: AbortSignal
): Promise<{ tokenizer: TokenizerFiles; notices: string[] }> {
  const find = (name: string) => files.find((file) => baseName(file) === name);
  const tokenizer = find('tokenizer.json');
  if (!tokenizer) {
    const old = find('tokenizer.model') ? ' tokenizer.model alone is the older form.' : '';
    throw new MissingTokenizerError(
      `tokenizer.json is missing among the model's files.${old} Add it from the model's page, or choose a version that has it.`,
      { details: { missing: 'tokenizer.json', files: files.map(baseName) } }
    );
  }
  const config = find('tokenizer_config.json');
  const tokenizerConfig = config && (await readJson(config, signal));
  const jinja = find('chat_template.jinja');
  const json = find('chat_template.json');
  const inConfig = defaultTemplate(tokenizerConfig);
  const own = jinja ?? json;
  const inFile = jinja
    ? await readText(jinja, signal, MAX_TEMPLATE_BYTES)
    : json && defaultTemplate(await readJson(json, signal));
  const differ = own && inFile !== undefined && inConfig !== undefined && inFile.trim() !== inConfig.trim();
  return {
    tokenizer: {
      tokenizerJson: await readJson(tokenizer, signal, MAX_TOKENIZER_BYTES),
      tokenizerConfig,
      chatTemplate: inFile ?? inConfig
    },
    notices: differ
      ? [
          `${baseName(own)} and tokenizer_config.json hold different chat templates: that of ${baseName(own)} is used.`
        ]
      : []
  };
}

const templateSchema = z.object({
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))])
});

/** The template of a tokenizer_config.json: the one there is, or the one named default. */
function defaultTemplate(config: unknown): string | undefined {
  const template = templateSchema.safeParse(config).data?.chat_template;
  if (!Array.isArray(template)) return template;
  return template.find(({ name }) => name === 'default')?.template;
}

function folderName(files: readonly ByteSource[], config: unknown): string {
  const path = files.find((file) => baseName(file) === 'config.json')?.name.split('/') ?? [];
  const folder = path.at(-2);
  const stated = z.object({ _name_or_path: z.string().min(1) }).safeParse(config).data?._name_or_path;
  return folder ?? stated ?? 'model';
}

/** `license:` in the front matter of a model card. */
async function readLicense(
  readme: ByteSource | undefined,
  signal?: AbortSignal
): Promise<string | undefined> {
  if (!readme) return undefined;
  const frontMatter = /^---\r?\n([\s\S]*?)\r?\n---/.exec(await readText(readme, signal))?.[1] ?? '';
  return /^license:[ \t]*["']?([^"'\r\n]+?)["']?[ \t]*$/m.exec(frontMatter)?.[1];
}
