import { momentWords, quoted } from '../policy/sentences';
import type { AttributionReceipt, RunManifest, SignedShare } from './claims';
import { rowCount, short } from './short';

/** What a run manifest says, field by field, in sentences. */
export function manifestWords(manifest: RunManifest): string[] {
  const { name, base, data, config, heldOutLoss, startedFrom } = manifest;
  return [
    `The adapter ${quoted(name)} (SHA-256 ${short(manifest.adapter.sha256)}) was made of the base model ${quoted(base.name)} (SHA-256 ${short(base.sha256)}).`,
    `It was trained on ${rowCount(data.rows)} (SHA-256 ${short(data.sha256)}), and measured on ${rowCount(data.heldOut)} held out.`,
    ...manifest.datanets.map(
      (each) =>
        `${each.part === 'used' ? 'It used' : 'The adapter it went on from had used'} version ${each.number} of the Datanet ${quoted(each.name)} (${short(each.datanet)}; version ${short(each.version)}, Merkle root ${short(each.root)}): ${rowCount(each.rows)} to train on, ${rowCount(each.heldOut)} to measure, weight ${each.weight / 1000}, under ${each.licence.spdx}${each.licence.evidence ? ` (${quoted(each.licence.evidence)})` : ''}.`
    ),
    ...(manifest.datanets.length === 0 ? ['The rows belong to no Datanet: nobody says whose they are.'] : []),
    startedFrom ? `It went on from the adapter ${short(startedFrom)}.` : 'It began from the base alone.',
    `${manifest.steps.toLocaleString('en')} steps, with these options (SHA-256 ${short(manifest.configSha256)}): ${optionWords(config)}.`,
    heldOutLoss
      ? `Held-out loss before: ${heldOutLoss.before.toFixed(4)}, after: ${heldOutLoss.after.toFixed(4)}.`
      : 'No held-out loss was measured.',
    `It ran on ${quoted(manifest.device)} with ${manifest.software}.`,
    expiryWords(manifest.expires)
  ];
}

/** What an attribution receipt says, field by field, in sentences. */
export function receiptWords(receipt: AttributionReceipt): string[] {
  const { method, trust } = receipt;
  const agreements = Object.entries(trust.agreement).map(([name, value]) => `${name} ${value / 1000}`);
  return [
    `Whose rows made the adapter ${short(receipt.adapter)}, whose run is claimed in ${short(receipt.manifest)}.`,
    `Measured by ${method.estimator} at the steps ${method.moments.join(', ')}, for ${method.questions.count.toLocaleString('en')} questions (SHA-256 ${short(method.questions.sha256)}), with sketches of ${method.sketch.width} values a layer (seed ${method.sketch.seed}); shares by the rules ${method.rules}.`,
    ...receipt.shares.map(shareWords),
    `Merkle root of the shares: ${short(receipt.sharesRoot)}.`,
    agreements.length > 0
      ? `Rank correlation with other estimators: ${agreements.join(', ')}.`
      : 'No other estimator was compared.',
    trust.lds
      ? `Linear datamodeling score: ${trust.lds.score / 1000} over ${trust.lds.models} models.`
      : 'No linear datamodeling score was measured.',
    trust.leaveOneOut
      ? `Rank correlation with leaving out each of ${trust.leaveOneOut.contributors} contributors: ${trust.leaveOneOut.correlation / 1000}.`
      : 'Leaving contributors out was not measured.',
    expiryWords(receipt.expires)
  ];
}

function shareWords({ id, name, rows, share, low, high, wallet }: SignedShare): string {
  const payee = wallet ? `, wallet ${wallet}` : ', no wallet known';
  return `${quoted(name)} (${short(id)}): ${percent(share)} (90 % interval ${percent(low)} to ${percent(high)}), ${rowCount(rows)}${payee}.`;
}

/** `75.0000 %`. @param millionths of the whole */
export function percent(millionths: number): string {
  return `${(millionths / 10_000).toFixed(4)} %`;
}

function optionWords(config: RunManifest['config']): string {
  return Object.entries(config)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? quoted(value) : String(value)}`)
    .join(', ');
}

function expiryWords(expires: string | undefined): string {
  return expires ? `This holds until ${momentWords(expires)}.` : 'This has no end date.';
}
