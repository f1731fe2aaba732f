/** Rows for the Datanet benchmark: the same bytes on every machine. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

/** Numerical Recipes' linear congruential generator: good enough for filler, the same everywhere. @param {number} seed */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const syllables =
  'ba be bo da de di fa fe ga gi ha ho ka ki la le lo ma me mo na no pa pe ra re ri sa se so ta te to va ve wa'.split(
    ' '
  );

/** A vocabulary in which, as in a language, few words are frequent and most are rare. @param {() => number} random */
function vocabulary(random) {
  return Array.from({ length: 20_000 }, () =>
    Array.from(
      { length: 1 + Math.floor(random() * 4) },
      () => syllables[Math.floor(random() * syllables.length)]
    ).join('')
  );
}

/**
 * Writes `count` conversations of about two kilobytes, among them one in fifty that repeats an earlier one word for
 * word, and one in fifty that changes a few of its words.
 * @param {string} path @param {number} count
 * @returns {Promise<{ query: string }>} words that a few rows have
 */
export async function writeRows(path, count) {
  const random = generator(7);
  const words = vocabulary(random);
  const word = () => words[Math.floor(words.length * random() ** 4)];
  /** @param {number} length */
  const sentences = (length) => {
    const out = [];
    for (let size = 0; size < length;) {
      const sentence = Array.from({ length: 6 + Math.floor(random() * 12) }, word).join(' ');
      out.push(`${sentence[0].toUpperCase()}${sentence.slice(1)}.`);
      size += sentence.length + 2;
    }
    return out.join(' ');
  };
  const query = 'harbour bell 4711';
  const file = createWriteStream(path);
  /** @type {[string, string][]} */
  const kept = [];
  for (let row = 0; row < count; row += 1) {
    /** @type {[string, string]} */
    let pair = [sentences(160), sentences(1700)];
    const kind = row % 50;
    if (kept.length > 0 && kind === 20) pair = kept[Math.floor(random() * kept.length)];
    else if (kept.length > 0 && kind === 40) {
      const [question, answer] = kept[Math.floor(random() * kept.length)];
      const changed = answer.split(' ');
      for (let i = 0; i < 6; i += 1) changed[Math.floor(random() * changed.length)] = word();
      pair = [question, changed.join(' ')];
    } else if (kept.length < 5000) kept.push(pair);
    if (row % 10_000 === 1) pair = [`${pair[0]} ${query}`, pair[1]];
    const line = JSON.stringify({
      messages: [
        { role: 'user', content: pair[0] },
        { role: 'assistant', content: pair[1] }
      ],
      contributor: `contributor ${row % 40}`,
      source: `book ${row % 300}`
    });
    if (!file.write(`${line}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  return { query };
}
