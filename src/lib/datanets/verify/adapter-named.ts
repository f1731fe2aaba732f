/** Which weights the files beside an adapter's weights speak of: its record and its claims. */
import { TabtuneError } from '../../errors';
import { parseJson } from '../../json';
import { short } from '../trust/short';

/** The weights of an adapter are not those that a file beside them speaks of: one of both was exchanged. */
export class OtherWeightsError extends TabtuneError {}

/** The record beside an adapter's weights cannot be read, so that they cannot be compared with it. */
export class UnreadableRecordError extends TabtuneError {}

/** A file beside an adapter's weights. */
export interface BesideWeights {
  /** For messages: `run.json`. */
  name: string;
  text: string;
}

/**
 * The SHA-256 of the weights that run.json, a run manifest or an attribution receipt names; undefined where a text says
 * nothing of the kind. Whether anybody signed it is not looked at: nobody who did meant other weights.
 */
export function weightsNamedIn(text: string): string | undefined {
  const json = objectOf(jsonOf(text));
  const recorded = objectOf(json?.['sha256'])?.['adapter'];
  const statement = objectOf(json?.['statement']);
  const claimed = statement?.['adapter'];
  const found = statement
    ? statement['kind'] === 'run-manifest'
      ? objectOf(claimed)?.['sha256']
      : statement['kind'] === 'attribution-receipt'
        ? claimed
        : undefined
    : recorded;
  return typeof found === 'string' ? found : undefined;
}

/** The SHA-256 of the base that a run.json says the run was on; undefined where it says none. */
export function baseNamedIn(run: string): string | undefined {
  const base = objectOf(objectOf(jsonOf(run))?.['sha256'])?.['base'];
  return typeof base === 'string' ? base : undefined;
}

/**
 * Compares weights with every file beside them that names some.
 * @param sha256 of `adapter_model.safetensors`, in hexadecimal
 * @param label for messages, such as the archive's name
 * @throws OtherWeightsError, UnreadableRecordError for a run.json that is no JSON; claims that are none are shown for what they are
 */
export function requireNamedWeights(sha256: string, beside: readonly BesideWeights[], label: string): void {
  for (const { name, text } of beside) {
    if (/(?:^|\/)run\.json$/.test(name) && jsonOf(text) === undefined) {
      throw new UnreadableRecordError(
        `${name} beside the weights in ${label} is no JSON: it was damaged or cut short, and the weights cannot be compared with it. ` +
          'Ask for the adapter again, or take run.json out.',
        { details: { file: name } }
      );
    }
    const named = weightsNamedIn(text);
    if (named === undefined || named === sha256) continue;
    throw new OtherWeightsError(
      `The weights in ${label} are not those that ${name} beside them is about: their SHA-256 is ${short(sha256)}, and it names ${short(named)}. ` +
        `Ask for the adapter again; where you changed the weights yourself, take ${name} out.`,
      { details: { file: name, found: sha256, named } }
    );
  }
}

function jsonOf(text: string): unknown {
  try {
    return parseJson('The record', text);
  } catch {
    // What is no JSON says nothing.
    return undefined;
  }
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
