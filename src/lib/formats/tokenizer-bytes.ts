/**
 * GPT-2's map from bytes to printable characters, the other way round: byte-level vocabularies write each byte of a
 * token as one of these characters (openai/gpt-2, encoder.py, `bytes_to_unicode`).
 */
function byteOfCharacter(): Map<string, number> {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  const map = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte += 1) {
    map.set(String.fromCharCode(printable(byte) ? byte : next++), byte);
  }
  return map;
}

const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2})>$/;

/** Turns vocabulary entries into the bytes of text they stand for; a token may be part of a character. */
export type TokenToBytes = (token: string) => Uint8Array;

/** For vocabularies of byte-level BPE (GPT-2, Llama 3, Qwen2, SmolLM2). */
export function byteLevelBytes(): TokenToBytes {
  const bytes = byteOfCharacter();
  const encoder = new TextEncoder();
  return (token) => {
    const characters = Array.from(token);
    // A token with other characters was added as plain text.
    if (!characters.every((character) => bytes.has(character))) return encoder.encode(token);
    return Uint8Array.from(characters, (character) => bytes.get(character)!);
  };
}

/** For SentencePiece-like vocabularies (Llama 2, Mistral): `▁` is a space, `<0xE2>` one byte. */
export function metaspaceBytes(): TokenToBytes {
  const encoder = new TextEncoder();
  return (token) => {
    const byte = BYTE_TOKEN.exec(token);
    return byte ? Uint8Array.of(parseInt(byte[1], 16)) : encoder.encode(token.replaceAll('\u2581', ' '));
  };
}

/** Joins tokens to text as they come, holding back bytes until their character is complete. */
export class TextStream {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #bytesOf: (id: number) => Uint8Array;
  readonly #skip: (id: number) => boolean;

  /** @param skip tokens that add no text, such as control tokens. */
  constructor(bytesOf: (id: number) => Uint8Array, skip: (id: number) => boolean = () => false) {
    this.#bytesOf = bytesOf;
    this.#skip = skip;
  }

  /** The text that this token completes; often one word, sometimes nothing yet. */
  push(id: number): string {
    return this.#skip(id) ? '' : this.#decoder.decode(this.#bytesOf(id), { stream: true });
  }

  /** What is left; an unfinished character becomes U+FFFD. */
  end(): string {
    return this.#decoder.decode();
  }
}
