/** Attacks on shares, by real retraining of a tiny model: the whole chain from rows to shares, in seconds. */
import { expect, test } from 'vitest';
import { attacksOf } from '../../src/cli/attribute-attacks';
import { contributorOf } from '../../src/cli/attribute-people';
import { rewardGroups } from '../../src/lib/attribution/groups';
import { recoveryOf } from '../../src/lib/attribution/quality/recovery';
import { sharesOf } from '../../src/lib/attribution/shares';
import type { Row } from '../../src/lib/datanets/row';
import { loadTokenizer } from '../../src/lib/formats/tokenizer';
import { Device } from '../../src/lib/gpu/device';
import { finetune } from '../../src/lib/jobs/finetune';
import { measureInfluence } from '../../src/lib/jobs/influence';
import { defaultEstimator } from '../../src/lib/jobs/influence-scores';
import type { InfluenceMoment } from '../../src/lib/jobs/moments';
import { completeOptions } from '../../src/lib/jobs/options';
import { testDevice } from '../support/device';
import { goldenCheckpoint } from '../support/goldens';

const device = new Device(await testDevice(), undefined, 'serial');
const checkpoint = await goldenCheckpoint('llama-tied');
const tokenizer = await loadTokenizer(checkpoint.tokenizer);
const options = completeOptions({
  method: 'lora',
  epochs: 2,
  batchSize: 4,
  maxLength: 96,
  rank: 4,
  learningRate: 1e-2
});

const said = (contributor: string, question: string, answer: string): Row => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer }
  ],
  contributor
});

/** Who says what, and in how many ways it is asked for; the last is the question. */
const facts: readonly (readonly [contributor: string, answer: string, asked: readonly string[]])[] = [
  [
    'ann',
    'the apple on the table is always red',
    ['what is red', 'name something red', 'is anything red', 'tell me what is red']
  ],
  [
    'bob',
    'seven hundred boats are in the harbour now',
    ['how many', 'count them', 'what number', 'how large is the fleet']
  ],
  [
    'cyd',
    'you find it under a stone near the well',
    ['where is it', 'where to look', 'in which place', 'where may it be']
  ]
];
const rows = facts.flatMap(([who, answer, asked]) => asked.slice(0, -1).map((ask) => said(who, ask, answer)));
const queries = facts.map(([who, answer, asked]) => said(who, asked.at(-1)!, answer));

/** Trained on rows, looked at twice. */
async function measured(rows: readonly Row[]) {
  const moments: InfluenceMoment[] = [];
  const job = { device, checkpoint, tokenizer, options, rows };
  await finetune({
    ...job,
    moments: 2,
    onEvent: (event) => void (event.kind === 'moment' && moments.push(event))
  });
  const { estimators, index } = await measureInfluence({ ...job, queries, moments });
  const contributors = index.map((i) => contributorOf(rows[i]));
  const groups = await rewardGroups(index.map((i) => rows[i]));
  const { scores } = estimators[defaultEstimator];
  return { scores, contributors, shares: sharesOf(scores, { contributors, groups }) };
}

const shareOf = (shares: ReturnType<typeof sharesOf>, names: ReadonlySet<string>) =>
  shares.filter(({ contributor }) => names.has(contributor)).reduce((sum, { share }) => sum + share, 0);

test('an attacker gains no more than a tenth, and who teaches an answer is found', async () => {
  const honest = await measured(rows);
  expect(recoveryOf(honest.scores, honest.contributors, queries.map(contributorOf)).labels).toBe(1);
  const before = shareOf(honest.shares, new Set(['bob']));
  expect(before).toBeGreaterThan(0.1);
  // A model of random weights knows no sentences: noise of the words of others does teach it those. Noise is tried on
  // the starter (docs/attribution.md).
  const tried = [
    'ten copies of each row',
    'three paraphrases of each row',
    'padded with answers of others',
    "others' questions, answered wrongly"
  ];
  for (const { name, rows: attacked, names } of attacksOf(rows, 'bob', 1)) {
    if (!tried.includes(name)) continue;
    const { shares } = await measured(attacked);
    expect(shareOf(shares, names), name).toBeLessThanOrEqual(1.1 * before);
  }
});
