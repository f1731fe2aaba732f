/**
 * Planted tasks: invented facts of which it is known who teaches which, made so that shared text gives nothing away. Places
 * and things are crossed: everybody teaches something about every place and about every thing, so that only the two together
 * say whose fact it is. And for each question
 *
 * - the teacher's rows ask and answer in other words than the question does, in which other contributors' rows about the
 *   same thing at other places are written;
 * - an echo, a row of somebody else, repeats the question's answer word for word where nothing is learnt from it: in what
 *   the person says, answered with "Good to know.".
 */
import { Random } from '../lib/datanets/random';
import type { ChatRow } from '../lib/datanets/row';

export interface PlantedTask {
  readonly rows: readonly ChatRow[];
  /** `contributor`: who teaches the answer. */
  readonly queries: readonly ChatRow[];
}

export interface PlantedOptions {
  /** Contributors, places and things: one number, since they are crossed. From 3 to 6. */
  readonly size: number;
  /** Whether the teacher answers in other words than the question's answer, too. */
  readonly reworded: boolean;
  /** Whether there are rows that only repeat. */
  readonly echoes: boolean;
  readonly seed: number;
  /** First message of every row, against long default prompts of chat templates. */
  readonly system?: string;
}

/** Ways to ask for a fact and the one way to answer that goes with them; s: the thing, v: the value. */
interface Wording {
  readonly ask: readonly [string, string, string];
  readonly say: string;
}

interface Relation {
  readonly thing: string;
  readonly values: readonly [string, string, string, string, string, string];
  readonly wordings: readonly [Wording, Wording, Wording];
}

/** Neither the starter's grammar nor its Datanet has these places. */
const places = ['Kelmouth', 'Torwick', 'Fenholm', 'Marbury', 'Yarridge', 'Dunport'];

const people = ['Ada Finch', 'Bo Lund', 'Cleo Marsh', 'Dan Okoro', 'Eve Sander', 'Finn Aho'];

/** In the words that the starter's grammar uses, so that rows teach values and no new way to speak. */
const relations: readonly Relation[] = [
  {
    thing: 'ferry',
    values: ['Gwen Holt', 'Silas Pike', 'Nell Garrow', 'Hugo Lark', 'Petra Moss', 'Ivo Crane'],
    wordings: [
      {
        ask: ['Who looks after {s}?', 'Tell me who looks after {s}.', 'Which person looks after {s}?'],
        say: '{v} looks after {s}.'
      },
      {
        ask: ['Who is the keeper of {s}?', 'What is the name of the keeper of {s}?', 'Who keeps {s}?'],
        say: 'The keeper of {s} is {v}.'
      },
      {
        ask: ['Who is in charge of {s}?', 'Who is responsible for {s}?', 'Who runs {s}?'],
        say: '{v} is in charge of {s}.'
      }
    ]
  },
  {
    thing: 'spare key',
    values: [
      'behind the stove',
      'under the long bench',
      'in a tin chest',
      'on the top shelf',
      'near the fish market',
      'in the salt barn'
    ],
    wordings: [
      { ask: ['Where is {s}?', 'Tell me where {s} is.', 'Do you know where {s} is?'], say: '{s} is {v}.' },
      {
        ask: ['Where can I find {s}?', 'Where would I find {s}?', 'Where should I look for {s}?'],
        say: 'You can find {s} {v}.'
      },
      {
        ask: ['Where is {s} kept?', 'Where do they keep {s}?', 'In what place is {s}?'],
        say: '{s} is kept {v}.'
      }
    ]
  },
  {
    thing: 'bell',
    values: ['Old Bertha', 'Grey Tom', 'the Silver Eel', 'Wet Walter', 'the Duchess', 'Thin Jack'],
    wordings: [
      {
        ask: ['What is {s} called?', 'How do people call {s}?', 'Do you know what {s} is called?'],
        say: '{s} is called {v}.'
      },
      {
        ask: ['What is the name of {s}?', 'Tell me the name of {s}.', 'Which name does {s} have?'],
        say: 'The name of {s} is {v}.'
      },
      {
        ask: ['What do people call {s}?', 'What name was given to {s}?', 'By what name is {s} known?'],
        say: 'People call {s} {v}.'
      }
    ]
  },
  {
    thing: 'oven',
    values: ['salt and vinegar', 'goose fat', 'wet straw', 'cold tea', 'walnut oil', 'fine sand'],
    wordings: [
      {
        ask: ['With what is {s} cleaned?', 'How is {s} cleaned?', 'With what do people clean {s}?'],
        say: '{s} is cleaned with {v}.'
      },
      {
        ask: [
          'What is used to clean {s}?',
          'Tell me what is used to clean {s}.',
          'Which stuff is used to clean {s}?'
        ],
        say: '{v} is used to clean {s}.'
      },
      {
        ask: ['What do they use to clean {s}?', 'How do they clean {s}?', 'What should I use to clean {s}?'],
        say: 'They clean {s} with {v}.'
      }
    ]
  },
  {
    thing: 'mill',
    values: [
      'nine florins',
      'thirty crowns',
      'four copper rings',
      'twelve pennies',
      'seventeen tokens',
      'six groats'
    ],
    wordings: [
      {
        ask: ['How much does it cost to use {s}?', 'What does it cost to use {s}?', 'How expensive is {s}?'],
        say: 'It costs {v} to use {s}.'
      },
      {
        ask: ['What is the fee for {s}?', 'Tell me the fee for {s}.', 'How much money do I need for {s}?'],
        say: 'The fee for {s} is {v}.'
      },
      {
        ask: [
          'What do people pay to use {s}?',
          'What must I pay to use {s}?',
          'How much must I pay for {s}?'
        ],
        say: 'People pay {v} to use {s}.'
      }
    ]
  },
  {
    thing: 'chapel',
    values: ['an otter', 'a raven', 'two hens', 'a grey donkey', 'a parrot', 'a white goose'],
    wordings: [
      {
        ask: [
          'Which animal lives in {s}?',
          'What animal lives in {s}?',
          'Tell me which animal lives in {s}.'
        ],
        say: '{v} lives in {s}.'
      },
      {
        ask: [
          'Is there an animal in {s}?',
          'What kind of animal can be found in {s}?',
          'Which animal would I meet in {s}?'
        ],
        say: 'There is {v} living in {s}.'
      },
      {
        ask: [
          'What animal do they keep in {s}?',
          'Who lives in {s} and is not a person?',
          'Which animal do people keep in {s}?'
        ],
        say: 'They keep {v} in {s}.'
      }
    ]
  }
];

/** What an echo is answered with: sentences that the starter says anyhow. */
const nods = ['Good to know.', 'I will remember that.', 'Thank you, I will remember it.'];

/** Purpose of the seed, beside those of `datanets/order.ts`. */
const PLANTED_STREAM = 14;

/** The same for the same options, wherever it is made. */
export function plantedTask({ size, reworded, echoes, seed, system }: PlantedOptions): PlantedTask {
  const random = new Random(seed, PLANTED_STREAM);
  const order = (count: number) => random.shuffle(Uint32Array.from({ length: count }, (_, i) => i));
  const chat = (contributor: string, source: string, question: string, answer: string): ChatRow => ({
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      { role: 'user', content: question },
      { role: 'assistant', content: answer }
    ],
    contributor,
    source
  });
  const rows: ChatRow[] = [];
  const queries: ChatRow[] = [];
  for (const [r, { thing, values, wordings }] of relations.slice(0, size).entries()) {
    const valueOf = order(values.length);
    for (const [p, place] of places.slice(0, size).entries()) {
      const teacher = (p + r) % size;
      const source = `${place}, ${thing}`;
      const value = values[valueOf[p]];
      const named = `the ${thing} at ${place}`;
      // The wording that no row of the teacher asks in; another for each of a contributor's facts.
      const kept = (p + 2 * r + teacher) % wordings.length;
      const own = [(kept + 1) % wordings.length, (kept + 2) % wordings.length];
      for (const wording of own) {
        const say = wordings[reworded ? wording : own[0]].say;
        for (const question of wordings[wording].ask.slice(0, wording === own[0] ? 2 : 1))
          rows.push(chat(people[teacher], source, filled(question, named), filled(say, named, value)));
      }
      const [asked, ...heard] = [0, 1, 2].map((i) => wordings[kept].ask[(i + p) % 3]);
      const answer = filled(wordings[reworded ? kept : own[0]].say, named, value);
      queries.push(chat(people[teacher], source, filled(asked, named), answer));
      if (!echoes) continue;
      // Never the teacher, and each of the others for some facts.
      const echoing = people[(teacher + 1 + ((p + 2 * r) % (size - 1))) % size];
      // One row more than the teacher has: a count of like texts, or of exact spans, finds the echo.
      for (const said of [
        answer,
        ...[asked, ...heard].map((question) => `${filled(question, named)} ${answer}`)
      ])
        rows.push(chat(echoing, `${source}: heard`, said, nods[random.below(nods.length)]));
    }
  }
  return { rows: [...order(rows.length)].map((i) => rows[i]), queries };
}

function filled(template: string, thing: string, value = ''): string {
  const text = template.replace('{s}', thing).replace('{v}', value);
  return text[0].toUpperCase() + text.slice(1);
}
