import { TabtuneError } from '../errors';

/** The files of an adapter are missing, inconsistent, or do not fit the base model. */
export class InvalidAdapterError extends TabtuneError {}

/** The adapter uses a part of PEFT that is not supported here. */
export class UnsupportedAdapterError extends TabtuneError {}

/** A tensor that belongs to an adapter and is not there. */
export function missingTensor(key: string, file: string): InvalidAdapterError {
  return new InvalidAdapterError(`Tensor ${key} is missing in ${file}. Copy or download the adapter again.`, {
    details: { file, tensor: key }
  });
}

/** A tensor of another shape than configuration, model or its other half want. */
export function wrongShape(
  key: string,
  file: string,
  shape: readonly (number | string)[],
  expected: string
): InvalidAdapterError {
  return new InvalidAdapterError(
    `Tensor ${key} of ${file} has shape [${shape.join(', ')}] instead of ${expected}. ` +
      'The adapter belongs to another model or configuration; choose the matching one.',
    { details: { file, tensor: key, shape: [...shape], expected } }
  );
}
