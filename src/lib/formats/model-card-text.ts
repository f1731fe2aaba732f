/** What people read of a model card. */
import type { CardData, CardMeasuring, ModelCard } from './model-card';
import { plainText } from './model-card-metadata';

/** Contributors that a card lists; whoever must be named is, however many they are. */
const LISTED = 50;

/** Markdown. */
export function cardText(card: ModelCard): string {
  return [
    `# ${escaped(card.name) || 'Adapter'}`,
    introduction(card),
    '## What it is made of',
    ...dataParts(card),
    '## Who made it',
    ...peopleParts(card),
    '## How well it does',
    evaluation(card),
    ...(card.training ? ['## How it was trained', ...trainingParts(card)] : []),
    '## What it cannot',
    limits,
    '## How to use it',
    usage(card),
    '## How to check this',
    ...checkingParts(card)
  ]
    .filter((part) => part !== '')
    .map((part) => `${part}\n`)
    .join('\n');
}

function introduction({ base, lora }: ModelCard): string {
  const scale = lora.rsLora ? 'alpha / sqrt(rank)' : 'alpha / rank';
  return `A LoRA adapter for ${escaped(base.name) || 'a base model that is not named'}, rank ${lora.rank}, alpha ${lora.alpha} (scaled by ${scale}), on ${lora.targets.map(code).join(', ')}. It was trained with Tabtune, on the device of whoever made it, and works on that base only.${base.sha256 ? ` The base has the SHA-256 ${code(base.sha256)}.` : ''}`;
}

function dataParts({ data, training }: ModelCard): string[] {
  const rows = training
    ? ` The run trained on ${counted(training.rows, 'row')}, whose SHA-256 in their order is ${code(training.rowsSha256)}.`
    : '';
  if (data.length === 0) {
    return [`The rows belong to no Datanet: nobody has said whose they are, nor under which licence.${rows}`];
  }
  return [
    table(
      ['Datanet', 'Version', 'Licence', 'Rows trained on', 'Rows held out', 'Used by'],
      data.map((each) => [
        escaped(each.name),
        String(each.number),
        each.licence === undefined ? 'not noted' : code(each.licence),
        String(each.rows),
        String(each.heldOut),
        each.inherited ? 'an earlier run, which this one went on from' : 'this run'
      ])
    ),
    data.map(versionLine).join('\n'),
    `Whoever uses or shares the adapter is bound by these licences and by that of the base.${rows}`
  ];
}

function versionLine({ name, number, version, root }: CardData): string {
  return `- ${escaped(name)}, version ${number}: signed as ${code(version)}, Merkle root of its rows ${code(root)}`;
}

function peopleParts({ contributors, measuring }: ModelCard): string[] {
  const parts: string[] = [];
  const named = contributors.filter(({ mustBeNamed }) => mustBeNamed).map(nameOf);
  if (named.length > 0) {
    parts.push(
      `The rules of the rows ask that these are named wherever the model or what it says is shown: **${named.join(', ')}**.`
    );
  }
  const measured = contributors.filter(({ share }) => share !== undefined);
  if (measured.length > 0) {
    const largest = measured.toSorted((a, b) => b.share!.value - a.share!.value);
    parts.push(
      table(
        ['Contributor', 'Share', '90 % interval', 'Rows'],
        largest.slice(0, LISTED).map((each) => {
          const { value, low, high } = each.share!;
          return [
            nameOf(each),
            percent(value),
            `${percent(low)} to ${percent(high)}`,
            String(each.rows ?? '')
          ];
        })
      ),
      moreOf(largest.length, 'contributor')
    );
    if (measuring) parts.push(measuringText(measuring));
    return parts;
  }
  if (contributors.length > 0) {
    const list = contributors.slice(0, LISTED).map((each) => {
      return `- ${nameOf(each)}${each.rows === undefined ? '' : `, ${counted(each.rows, 'row')}`}`;
    });
    parts.push(list.join('\n'), moreOf(contributors.length, 'contributor'));
  }
  parts.push('Whose rows made the model what it is was not measured.');
  return parts;
}

function nameOf({ name, id }: { name: string; id: string }): string {
  return escaped(name) || escaped(id);
}

function moreOf(count: number, what: string): string {
  return count > LISTED ? `And ${counted(count - LISTED, what)} more.` : '';
}

function measuringText(measuring: CardMeasuring): string {
  const { estimator, moments, questions, agreement, lds, leaveOneOut } = measuring;
  const others = agreement.map((each) => `${code(each.estimator)} ${each.correlation.toFixed(3)}`).join(', ');
  return [
    `Shares are estimates: the influence of each row on the answers to ${counted(questions, 'held-out question')}, by the estimator ${code(estimator)} at the steps ${moments.join(', ')}.`,
    others === '' ? 'No other estimator was compared.' : `Rank correlation with other estimators: ${others}.`,
    lds
      ? `Linear datamodeling score: ${lds.score.toFixed(3)}, over ${counted(lds.models, 'model')} trained on halves of the rows.`
      : 'The linear datamodeling score was not measured.',
    leaveOneOut
      ? `Rank correlation with training without each of ${leaveOneOut.contributors} contributors: ${leaveOneOut.correlation.toFixed(3)}.`
      : 'Training without each contributor was not tried.',
    'Of rows that are nearly the same the first is paid, outliers are capped, and rows that hurt earn nothing.'
  ].join(' ');
}

function evaluation({ heldOut }: ModelCard): string {
  const { before, after, rows = 0 } = heldOut ?? {};
  if (before === undefined && after === undefined) {
    return 'No rows were held out, so that nothing was measured on what it has not seen.';
  }
  const cells = (name: string, loss: number | undefined) =>
    loss === undefined ? [] : [[name, loss.toFixed(4), Math.exp(loss).toPrecision(5)]];
  return `${table(
    ['Moment', 'Loss, nats per token', 'Perplexity'],
    [...cells('Before the run', before), ...cells('After the run', after)]
  )}\n\nMeans over ${counted(rows, 'row')} that were never trained on${after === undefined ? '; the run was stopped, so that nothing was measured after it' : ''}.`;
}

function trainingParts({ training }: ModelCard): string[] {
  const { steps, stopped, options, device, software } = training!;
  return [
    `${counted(steps, 'step')}${stopped ? ', stopped before the last' : ''}, with ${escaped(software)} on ${escaped(device) || 'a device without a name'}.`,
    table(
      ['Option', 'Value'],
      Object.entries(options).map(([name, value]) => [code(name), code(String(value))])
    )
  ];
}

const limits =
  'An adapter knows what its rows say, and repeats their errors. It was measured on nothing but the figures above: not for ' +
  'harm, not for bias, not for facts. Answers can be wrong and sound certain. Shares say who moved the answers to the ' +
  'held-out questions, by an estimate; other questions have other shares.';

function usage({ base }: ModelCard): string {
  // In a string of Python that nobody's name can end.
  const name = JSON.stringify(plainText(base.name, 200)).replaceAll('`', "'");
  const onHub = /^[\w.-]+\/[\w.-]+$/.test(base.name);
  return [
    '```python',
    'from peft import PeftModel',
    'from transformers import AutoModelForCausalLM',
    '',
    // Any other name is that of files: the hub would look for a model that is not there, or is another one.
    ...(onHub
      ? [`base = AutoModelForCausalLM.from_pretrained(${name})`]
      : [
          `# The base is ${name}, by its files: give the folder where they lie.`,
          'base = AutoModelForCausalLM.from_pretrained("folder-of-the-base")'
        ]),
    'model = PeftModel.from_pretrained(base, "this-folder")',
    '```',
    '',
    'Or bring the folder back to Tabtune, under Export.'
  ].join('\n');
}

function checkingParts({ claims, sha256 }: ModelCard): string[] {
  const weights = `The SHA-256 of ${code('adapter_model.safetensors')} is ${code(sha256)}.`;
  if (claims.length === 0) {
    return [
      `${weights} Nobody has signed how this adapter was made: what stands here is what the folder says of itself.`
    ];
  }
  return [
    weights,
    claims
      .map(({ file, says, signer }) => `- ${code(file)}: ${says}, signed by ${escaped(signer)}`)
      .join('\n'),
    'Give these files, together with the weights, to the page Verify of any copy of Tabtune, or to its command line:',
    [
      '```sh',
      ...claims.map(({ file }) => `npm run verify -- ${file} --related adapter_model.safetensors`),
      '```'
    ].join('\n'),
    'Each check is told with its reason. Whoever has the same versions of the data can repeat the run and compare.'
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/**
 * Somebody's text as text: marks that Markdown, HTML or the hub give a meaning have a backslash before them. It never begins
 * a line, and can begin what stands in an item of a list.
 */
export function escaped(text: string): string {
  return plainText(text, 300)
    .replace(/[\\`*_{}[\]<>#|~&:@$^]/g, '\\$&')
    .replace(/www\./gi, (found) => `${found.slice(0, -1)}\\.`)
    .replace(/^(?:\d+(?=[.)])|(?=[-+=]))/, '$&\\');
}

/** Text in a monospaced span, of marks that end neither the span nor a cell. */
function code(text: string): string {
  return `\`${plainText(text, 300).replaceAll('`', "'").replaceAll('|', '/')}\``;
}
