import { z } from 'zod';
import { HubFileChoiceError, HubNotFoundError, HubResponseError, InvalidModelIdError } from './hub-errors';

/** A model's files on the hub, at one commit. */
export interface HubListing {
  readonly id: string;
  /** The commit that the revision stood for when listed. */
  readonly commit: string;
  readonly files: readonly HubFile[];
  /** Of a GGUF, as the hub read it from its header. */
  readonly architecture?: string;
}

export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** Known for large files. */
  readonly sha256?: string;
}

const listingSchema = z.object({
  gguf: z.object({ architecture: z.string() }).nullish().catch(undefined),
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.number().int().nonnegative(),
      lfs: z
        .object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), size: z.number().int().nonnegative() })
        .nullish()
    })
  )
});

/** Everything but weights that says something about a model. */
const SMALL_FILES = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'chat_template.json',
  'README.md'
]);
const INDEX = 'model.safetensors.index.json';

/**
 * A model id as the hub writes it, from what people paste: an id, or the address of the model's page.
 * @throws InvalidModelIdError
 */
export function parseModelId(text: string): string {
  const id = text
    .trim()
    .replace(/^(https?:\/\/)?(www\.)?(huggingface\.co|hf\.co)\//, '')
    .replace(/\/(tree|blob|resolve)\/.*$/, '')
    .replace(/[/?#]+$/, '');
  const valid = /^[\w][\w.-]{0,95}(\/[\w][\w.-]{0,95})?$/.test(id) && !/\.\.|--/.test(id);
  if (!valid) {
    throw new InvalidModelIdError(
      `"${text}" is no model id. It looks like owner/name, as in the address of the model's page on the hub.`,
      { details: { text } }
    );
  }
  return id;
}

/** The revision in the address of a model's page or file, where it names one. */
export function revisionIn(text: string): string | undefined {
  const named = /\/(?:tree|blob|resolve)\/([^/?#\s]+)/.exec(text)?.[1];
  return named && decodeURIComponent(named);
}

/**
 * Reads the hub's answer to /api/models/{id}/revision/{revision}?blobs=true.
 * @throws HubResponseError when it is of another shape.
 */
export function parseListing(id: string, json: unknown): HubListing {
  const parsed = listingSchema.safeParse(json);
  if (!parsed.success) {
    throw new HubResponseError(`The hub described ${id} in a form that is not understood. Try again later.`, {
      cause: parsed.error,
      details: { model: id }
    });
  }
  const files = parsed.data.siblings.map(({ rfilename, size, lfs }) => ({
    path: rfilename,
    size: lfs?.size ?? size,
    ...(lfs && { sha256: lfs.sha256 })
  }));
  const { sha, gguf } = parsed.data;
  return { id, commit: sha, files, ...(gguf && { architecture: gguf.architecture }) };
}

/**
 * The files that `openCheckpoint` needs: config, tokenizer, and the weights in one form.
 * @param file a GGUF file of the model to take alone
 * @throws HubNotFoundError, and HubFileChoiceError naming what there is to choose from.
 */
export function chooseFiles(listing: HubListing, file?: string): HubFile[] {
  const { id, files } = listing;
  const ggufs = files.filter(({ path }) => path.endsWith('.gguf'));
  if (file !== undefined) {
    const found = files.find(({ path }) => path === file);
    if (!found) throw notFound(id, `has no file ${file}`, ggufs);
    return [found];
  }
  const parts = files.filter(({ path }) => /^model-\d{5}-of-\d{5}\.safetensors$/.test(path));
  const whole = files.filter(({ path }) => path === 'model.safetensors');
  const index = files.filter(({ path }) => path === INDEX);
  const weights = index.length > 0 && parts.length > 0 ? [...index, ...parts] : whole;
  if (weights.length > 0) {
    const small = files.filter(({ path }) => SMALL_FILES.has(path));
    // What the rest is judged by comes first.
    const config = small.filter(({ path }) => path === 'config.json');
    return [...config, ...small.filter(({ path }) => path !== 'config.json'), ...weights];
  }
  if (ggufs.length === 1) return ggufs;
  if (ggufs.length === 0) throw notFound(id, 'has no safetensors or GGUF files', ggufs);
  throw new HubFileChoiceError(
    `${id} has several GGUF files; choose one of them: ${ggufs.map(({ path }) => path).join(', ')}.`,
    { details: { model: id, files: ggufs.map(({ path, size }) => ({ path, size })) } }
  );
}

function notFound(id: string, what: string, ggufs: readonly HubFile[]): HubNotFoundError {
  const choice =
    ggufs.length > 0 ? `There are: ${ggufs.map(({ path }) => path).join(', ')}.` : 'Choose another model.';
  return new HubNotFoundError(`${id} ${what}. ${choice}`, {
    details: { model: id, files: ggufs.map(({ path }) => path) }
  });
}
