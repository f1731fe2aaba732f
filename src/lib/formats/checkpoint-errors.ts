import { TabtuneError } from '../errors';

/** A tensor that the model needs is in none of its files. */
export class MissingTensorError extends TabtuneError {
  constructor(tensor: string, file: string) {
    super(
      `Tensor ${tensor} is not in ${file}. The model is incomplete or of another kind; download it whole, or choose another.`,
      { details: { tensor, file } }
    );
  }
}

/** No config.json among the files. */
export class MissingConfigError extends TabtuneError {}

/** No tokenizer among the files. */
export class MissingTokenizerError extends TabtuneError {}

/** The index names weight files that are not there, or there are no weight files at all. */
export class MissingShardError extends TabtuneError {}

/** The files are quantised or packed in a way that is not read. */
export class UnsupportedCheckpointError extends TabtuneError {}

/** The files hold more than one model, or the same tensor twice. */
export class AmbiguousCheckpointError extends TabtuneError {}
