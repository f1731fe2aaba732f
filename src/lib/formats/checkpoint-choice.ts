import { AmbiguousCheckpointError } from './checkpoint-errors';
import { baseName, type ByteSource } from './source';

/** Which form of a model is opened, of those that lie together. */
export interface FormChoice {
  /** GGUF files to open; absent: the Hugging Face folder's own weights. */
  readonly ggufs?: readonly ByteSource[];
  /** What was chosen by itself, in sentences. */
  readonly notices: readonly string[];
}

/**
 * Chooses between a folder's own weights and the GGUF files that lie with them. The folder's own are the model as it was
 * published; a GGUF is usually made of it, with fewer bits.
 * @param file the name of the GGUF to open, or of another file of the folder for its own weights
 * @throws AmbiguousCheckpointError where the file that is asked for is not there
 */
export function chooseForm(files: readonly ByteSource[], file?: string): FormChoice {
  const ggufs = files.filter(isGguf);
  if (file !== undefined) {
    const named = files.find((each) => baseName(each) === file || each.name === file);
    if (named) return isGguf(named) ? { ggufs: [named], notices: [] } : { notices: [] };
    throw new AmbiguousCheckpointError(
      `There is no ${file} among the model's files. There are: ${files.map(baseName).join(', ')}.`,
      { details: { file, files: files.map(baseName) } }
    );
  }
  if (ggufs.length === 0) return { notices: [] };
  const has = (name: RegExp) => files.some((each) => name.test(baseName(each)));
  if (!has(/^config\.json$/) || !has(/\.safetensors$/)) return { ggufs, notices: [] };
  const names = ggufs.map(baseName).join(', ');
  return {
    notices: [
      `The folder holds its own weights and ${names}: the weights of the folder are used. Choose ${ggufs.length === 1 ? 'that file' : 'one of those files'} to use it instead.`
    ]
  };
}

function isGguf(source: ByteSource): boolean {
  return source.name.toLowerCase().endsWith('.gguf');
}
