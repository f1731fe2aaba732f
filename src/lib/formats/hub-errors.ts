import { TabtuneError } from '../errors';

/** The text given is no model id. */
export class InvalidModelIdError extends TabtuneError {}

/** No model, or no file in it, of this name on the hub. */
export class HubNotFoundError extends TabtuneError {}

/** A model has several GGUF files, of which one has to be chosen: `details.files`, each with its `path` and `size`. */
export class HubFileChoiceError extends TabtuneError {}

/** The model is gated or private. */
export class HubGatedError extends TabtuneError {}

/** The hub cannot be reached, or the connection breaks again and again. */
export class HubOfflineError extends TabtuneError {}

/** The hub answers, but not with what was asked for. */
export class HubResponseError extends TabtuneError {}

/** A file is not, or no longer, the one that was listed. */
export class HubFileChangedError extends TabtuneError {}

/** The error for an answer that is no success. */
export function hubError(id: string, url: string, response: Response): TabtuneError {
  const { status } = response;
  const code = response.headers.get('x-error-code');
  const details = { model: id, url, status, code };
  // For a model that does not exist the hub answers 401 to those who are not signed in, with a code that tells.
  if (status === 404 || code === 'RepoNotFound' || code === 'EntryNotFound' || code === 'RevisionNotFound') {
    return new HubNotFoundError(
      `The hub has nothing at ${url}. Check the model id ${id} and its revision; a private model also looks like this.`,
      { details }
    );
  }
  if (status === 401 || status === 403) {
    return new HubGatedError(
      `${id} is gated or private (${status}). Accept its terms on its page on the hub and give an access token, ` +
        'or download the files yourself and choose the folder.',
      { details }
    );
  }
  return new HubResponseError(`The hub answered ${status} for ${url}. Try again later.`, { details });
}
