import { p256 } from '@noble/curves/nist.js';
import { TabtuneError } from '../../errors';
import { parseJson } from '../../json';
import { canonicalJson } from '../canonical';
import { cidOfText } from '../content/cid';
import { fromBase64Url, toBase64Url } from './base64url';
import { publicKeyOf } from './did-key';
import type { Identity } from './identity';
import { MAX_STATEMENT_CHARACTERS, signedSchema, statementSchema } from './schemas';
import type { Signed, Statement } from './statements';

/** What should be a signed statement is none: another form, a missing field, one too many, one out of range. */
export class InvalidStatementError extends TabtuneError {}

/** A statement whose signature is not by who it says, or not over what it says. */
export class ForgedStatementError extends TabtuneError {}

/** Keeps a signature for a statement from being one for anything else that the same key might sign. */
const PREFIX = 'Tabtune statement 1\n';
const ES256 = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** Deeper than any statement, and far from what recursion could not take. */
const MAX_DEPTH = 12;

/**
 * Signs a statement in the name of its person.
 * @throws InvalidStatementError where it has a field that could not be read back
 */
export async function signStatement<S extends Statement>(
  identity: Identity,
  statement: S
): Promise<Signed<S>> {
  const { id } = identity.person;
  if (statement.by.id !== id) {
    throw new InvalidStatementError('A statement can be signed only by the person that it names.', {
      details: { by: statement.by.id, signer: id }
    });
  }
  requireSignable(statement);
  const signature = await crypto.subtle.sign(ES256, identity.signing.privateKey, bytesToSign(statement));
  const value = toBase64Url(lowS(new Uint8Array(signature)));
  return { statement, signature: { algorithm: 'ES256', key: id, value } };
}

/**
 * What is signed must be what everybody can read back.
 * @throws InvalidStatementError that names the field
 */
export function requireSignable(statement: Statement): void {
  checkShape(statement, statementSchema, 'This cannot be signed as it is');
}

/**
 * What has the form of a signed statement; whether its signature holds is for `verifySigned` to say.
 * @param json what `JSON.parse` made of somebody's text
 * @throws InvalidStatementError
 */
export function readForm(json: unknown): Signed {
  return checkShape<Signed>(json, signedSchema);
}

/**
 * Takes nothing on trust: the form, that nothing is in it which the form does not name, and the signature, which must
 * be by `statement.by.id`. A wallet's signature beside it is not checked here, only its form.
 * @param json what `JSON.parse` made of somebody's text
 * @throws InvalidStatementError, ForgedStatementError
 */
export async function verifySigned(json: unknown): Promise<Signed> {
  const signed = readForm(json);
  const { statement, signature } = signed;
  const forged = (reason: string, cause?: unknown) =>
    new ForgedStatementError(`The ${statement.kind} is not signed by "${statement.by.name}": ${reason}.`, {
      details: { kind: statement.kind, by: statement.by.id, reason },
      cause
    });
  if (signature.key !== statement.by.id) throw forged('another key signed it');
  let valid: boolean;
  try {
    const value = fromBase64Url(signature.value);
    // Of the two signatures (r, s) and (r, n - s), which anybody can turn into each other, one counts.
    if (!isLowS(value)) throw forged('its signature was altered');
    const key = await publicKeyOf(signature.key, 'signing');
    await publicKeyOf(statement.by.agreement, 'agreement');
    valid = await crypto.subtle.verify(ES256, key, value, bytesToSign(statement));
  } catch (cause) {
    if (cause instanceof ForgedStatementError) throw cause;
    throw forged(cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause), cause);
  }
  if (!valid) throw forged('something in it was changed after it was signed');
  return signed;
}

/**
 * A signed statement from its text, which must be the canonical one to the last byte: so equal statements are equal
 * files, and no key is there twice.
 * @throws InvalidStatementError, ForgedStatementError
 */
export async function readSigned(text: string): Promise<Signed> {
  if (text.length > MAX_STATEMENT_CHARACTERS) {
    throw new InvalidStatementError(
      `This is too long for a signed statement: ${text.length} characters, at most ${MAX_STATEMENT_CHARACTERS}.`,
      { details: { length: text.length } }
    );
  }
  let json: unknown;
  try {
    json = parseJson('The statement', text);
  } catch (cause) {
    throw new InvalidStatementError('This is not a signed statement: it is not JSON, or was cut short.', {
      cause
    });
  }
  const signed = await verifySigned(json);
  if (canonicalJson(signed) !== text) {
    throw new InvalidStatementError(
      'This signed statement is not written in its canonical form: something was added to the file, or it was reformatted.'
    );
  }
  return signed;
}

/**
 * What a signed statement is known by: the CID of the canonical statement and the signature of the person who says it. A
 * wallet's signature beside them takes no part, as nothing that the person signed covers it: whoever adds one, changes it
 * or leaves it out has the same statement still, and what ended it ends it.
 */
export function statementCid({ statement, signature }: Signed): string {
  return cidOfText(canonicalJson({ statement, signature }));
}

/** Narrows a signed statement to a kind. */
export function isSigned<K extends Statement['kind']>(
  signed: Signed,
  kind: K
): signed is Signed<Extract<Statement, { kind: K }>> {
  return signed.statement.kind === kind;
}

function bytesToSign(statement: Statement): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(PREFIX + canonicalJson(statement));
}

function isLowS(signature: Uint8Array): boolean {
  return !p256.Signature.fromBytes(signature).hasHighS();
}

function lowS(signature: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (isLowS(signature)) return signature;
  const { r, s } = p256.Signature.fromBytes(signature);
  return new Uint8Array(new p256.Signature(r, p256.Point.Fn.ORDER - s).toBytes());
}

/** The value as its schema reads it, which must be all of it. */
function checkShape<T>(
  json: unknown,
  schema: typeof signedSchema | typeof statementSchema,
  failure = 'This is not a statement that can be read'
): T {
  checkBounds(json, failure);
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue.path.join('.') || 'it';
    throw new InvalidStatementError(`${failure}: ${where}: ${issue.message}.`, {
      details: { where, reason: issue.message },
      cause: parsed.error
    });
  }
  return parsed.data as T;
}

/**
 * Walks what came in before anything recursive sees it: not too deep, not too much, text that Unicode can write, and
 * no key that JavaScript gives a meaning of its own.
 */
function checkBounds(json: unknown, failure: string): void {
  const refuse = (reason: string) =>
    new InvalidStatementError(`${failure}: ${reason}.`, {
      details: { reason }
    });
  const stack: { value: unknown; depth: number }[] = [{ value: json, depth: 0 }];
  let characters = 0;
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { value, depth } = entry;
    characters += 1;
    if (typeof value === 'string') {
      characters += value.length;
      if (!value.isWellFormed()) throw refuse('it holds half of a character');
    } else if (typeof value === 'object' && value !== null) {
      if (depth > MAX_DEPTH) throw refuse('it is nested too deep');
      for (const key of Object.keys(value)) {
        if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
          throw refuse(`it has a field called "${key}"`);
        }
        characters += key.length;
        stack.push({ value: (value as Record<string, unknown>)[key], depth: depth + 1 });
      }
    }
    if (characters > MAX_STATEMENT_CHARACTERS) throw refuse('it is too long');
  }
}
