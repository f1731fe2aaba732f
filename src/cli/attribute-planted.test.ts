/** Planted tasks give nothing away by their text, and attacks are what they say. */
import { describe, expect, it } from 'vitest';
import { textSimilarity } from '../lib/attribution/quality/baselines';
import { recoveryOf } from '../lib/attribution/quality/recovery';
import { spanScores } from '../lib/attribution/spans/span-scores';
import { isChatRow } from '../lib/datanets/row';
import { groupRows } from '../lib/datanets/split/groups';
import { attacksOf } from './attribute-attacks';
import { contributorOf } from './attribute-people';
import { plantedTask } from './attribute-planted';

const options = { size: 5, reworded: false, echoes: true, seed: 42 };
const textOf = (row: ReturnType<typeof plantedTask>['rows'][number]) =>
  row.messages.map(({ content }) => content).join('\n');

describe('a planted task', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(plantedTask(options)).toEqual(plantedTask(options));
    expect(plantedTask({ ...options, seed: 43 })).not.toEqual(plantedTask(options));
  });

  it('has everybody teach about every place and every thing, once', () => {
    const { queries } = plantedTask(options);
    const cells = (at: 0 | 1) =>
      new Set(queries.map((query) => `${query.contributor}: ${query.source!.split(', ')[at]}`)).size;
    expect([queries.length, cells(0), cells(1)]).toEqual([25, 25, 25]);
  });

  it.each([false, true])(
    'never asks what a row asks, and repeats answers as asked (reworded: %s)',
    (reworded) => {
      const { rows, queries } = plantedTask({ ...options, reworded });
      for (const query of queries) {
        const [question, answer] = query.messages.map(({ content }) => content);
        const taught = rows.filter(({ source }) => source === query.source);
        expect(new Set(taught.map(contributorOf))).toEqual(new Set([query.contributor]));
        expect(taught.map(({ messages }) => messages[0].content)).not.toContain(question);
        expect(taught.some(({ messages }) => messages[1].content === answer)).toBe(!reworded);
        const heard = rows.filter(({ source }) => source === `${query.source}: heard`);
        expect(heard.length).toBe(taught.length + 1);
        expect(heard.map(contributorOf)).not.toContain(query.contributor);
        expect(heard.every((row) => textOf(row).includes(answer))).toBe(true);
      }
    }
  );

  it.each([false, true])(
    'is not solved by likeness of text nor by exact spans (reworded: %s)',
    async (reworded) => {
      const { rows, queries } = plantedTask({ ...options, reworded });
      for (const measure of [textSimilarity, spanScores]) {
        const scores = await measure(queries, rows);
        const { first } = recoveryOf(scores, rows.map(contributorOf), queries.map(contributorOf));
        expect(first).toBeLessThan(0.3);
      }
    }
  );
});

describe('attacks', () => {
  const { rows } = plantedTask({ ...options, echoes: false });
  const attacker = 'Ada Finch';
  const attacks = attacksOf(rows, attacker, 42);
  const own = rows.filter((row) => contributorOf(row) === attacker);
  const attack = (name: string) => attacks.find((each) => each.name === name)!;
  const without = (list: (typeof attacks)[number]['rows'], names: ReadonlySet<string>) =>
    list.filter((row) => !names.has(contributorOf(row)));

  it('leave the rows of others as they are, and first', () => {
    for (const { rows: attacked, names } of attacks)
      expect(without(attacked, names)).toEqual(rows.filter((row) => contributorOf(row) !== attacker));
  });

  it('copy, address and paraphrase', async () => {
    const copied = attack('ten copies of each row').rows;
    expect(copied.length).toBe(rows.length + 9 * own.length);
    expect(new Set(await groupRows(copied, { count: copied.length })).size).toBe(
      new Set(await groupRows(rows, { count: rows.length })).size
    );
    expect(new Set(attack('ten addresses').rows.map(contributorOf)).size).toBeGreaterThan(10);
    const paraphrased = attack('three paraphrases of each row').rows.slice(rows.length).filter(isChatRow);
    expect(paraphrased.length).toBe(3 * own.length);
    const texts = new Set(rows.map(textOf));
    expect(paraphrased.some((row) => texts.has(textOf(row)))).toBe(false);
  });
});
