/**
 * Whether a file that Tabtune made is what it says: each check with its reason, for anybody who trusts neither the page
 * that made it nor whoever gave it. Runs in the page's worker and in Node alike, stores nothing and asks nobody.
 */
import { looksLikeContainer } from '../bundle/container';
import { canonicalJson } from '../canonical';
import { quoted } from '../policy/sentences';
import { statementCid } from '../trust/sign';
import type { StatementKind } from '../trust/statements';
import { wordsOf } from '../trust/words';
import { checkAdapterZip, checkLoneWeights, type InnerLook } from './adapter';
import { endsAsArchive, looksLikeAdapter } from './adapter-zip';
import { checkAnchorOf, readAnchored } from './anchor-file';
import { checkClaim } from './claim-relations';
import { checkContainer, type ContainerLook } from './container';
import { checkProof } from './proof';
import { gather, Related, type Gathered } from './related';
import { checkRelations } from './relations';
import { CheckList, partOf, type VerifyOptions, type VerifyReport } from './report';
import { checkShareProof } from './share-proof';
import { checkSigned, type SignedLook } from './signed';
import { readSource } from './source';
import { NamedFile, weightsKind } from './weights';

export type { Check, CheckState, VerifyKind, VerifyOptions, VerifyReport } from './report';

export interface NamedBlob {
  name: string;
  blob: Blob;
}

const TITLES: Record<StatementKind, string> = {
  invitation: 'An invitation to write rows',
  contribution: 'A contribution of rows',
  decision: 'A decision about a contribution',
  withdrawal: 'A contribution taken back',
  validation: 'A validation of a version',
  version: 'A version of a Datanet',
  'access-request': 'A request to use a version',
  'access-grant': 'A grant to use a version',
  refusal: 'A refusal of a request',
  revocation: 'The end of a grant',
  'wallet-link': 'A link between a person and a wallet',
  'run-manifest': 'How an adapter was made',
  'attribution-receipt': 'Whose rows made an adapter',
  retraction: 'A claim taken back'
};

/**
 * Checks one file. Any bytes at all give a report.
 * @param related files that it is compared with: the invitation that it answers, the bundle that a proof is of
 * @throws the abort reason
 */
export async function verifyFile(
  blob: Blob,
  name: string,
  options: VerifyOptions & { related?: readonly Blob[] }
): Promise<VerifyReport> {
  const gathered: Gathered[] = [];
  for (const each of options.related ?? []) gathered.push(await gather(each, options));
  return verifyAmong(blob, name, new Related(gathered), options);
}

/**
 * Checks several files, each of which the others are compared with. Progress is told in files, and parts of one.
 * @throws the abort reason
 */
export async function verifyFiles(
  files: readonly NamedBlob[],
  options: VerifyOptions
): Promise<VerifyReport[]> {
  const gathered: Gathered[] = [];
  if (files.length > 1) for (const { blob } of files) gathered.push(await gather(blob, options));
  const reports: VerifyReport[] = [];
  for (const [index, { blob, name }] of files.entries()) {
    const others = gathered.filter((_, other) => other !== index);
    reports.push(await verifyAmong(blob, name, new Related(others), partOf(options, index, files.length)));
  }
  return reports;
}

async function verifyAmong(
  blob: Blob,
  name: string,
  related: Related,
  options: VerifyOptions
): Promise<VerifyReport> {
  options.signal?.throwIfAborted();
  const list = new CheckList(options.signal);
  const report = (await list.attempt('file', () => look(list, blob, name, related, options))) ?? UNREADABLE;
  if (report.kind !== 'unreadable') {
    for (const problem of related.problems) {
      list.unknown('files given with it', `One of them could not be used: ${problem}`);
    }
  }
  options.signal?.throwIfAborted();
  return { ...report, checks: list.checks };
}

type Look = Omit<VerifyReport, 'checks'>;

const UNREADABLE: Look = { kind: 'unreadable', title: 'Not a file of Tabtune’s that can be read', words: [] };

async function look(
  list: CheckList,
  blob: Blob,
  name: string,
  related: Related,
  options: VerifyOptions
): Promise<Look> {
  if (await looksLikeContainer(blob)) {
    if (await looksLikeAdapter(blob)) return lookAtAdapter(list, blob, related, options);
    const found = await checkContainer(list, blob, quoted(name.slice(0, 200)), options);
    return found ? lookOf(list, found, related, false, options) : UNREADABLE;
  }
  const kind = await weightsKind(blob, options.signal);
  if (kind) {
    await checkLoneWeights(list, NamedFile.ofBlob(kind, blob), related, options);
    return kind === 'adapter'
      ? { kind, title: 'The weights of an adapter', words: [] }
      : { kind: 'model', title: 'The weights of a model', words: [] };
  }
  if ((await endsAsArchive(blob)) && (await looksLikeAdapter(blob))) {
    return lookAtAdapter(list, blob, related, options);
  }
  return lookAtText(list, blob, related, options);
}

async function lookAtAdapter(
  list: CheckList,
  blob: Blob,
  related: Related,
  options: VerifyOptions
): Promise<Look> {
  // What is packed into what is packed is not looked into.
  const inside = async (claim: Blob, _: string, others: Related): Promise<InnerLook> => {
    const checks = new CheckList(options.signal);
    const { title, words } = await lookAtText(checks, claim, others, { ...options, onProgress: undefined });
    return { title, words: [`${title}:`, ...words], checks: checks.checks };
  };
  const words = await checkAdapterZip(list, blob, related, options, inside);
  if (!words) return UNREADABLE;
  return { kind: 'adapter', title: 'An adapter, with what is claimed of it', words };
}

async function lookAtText(
  list: CheckList,
  blob: Blob,
  related: Related,
  options: VerifyOptions
): Promise<Look> {
  const source = await readSource(blob);
  switch (source.is) {
    case 'unreadable':
      list.fails('file', source.reason);
      return UNREADABLE;
    case 'proof':
      return {
        ...{ kind: 'proof', title: 'The proof that a row is in a version' },
        words: await checkProof(list, source.json, related, options)
      };
    case 'share-proof':
      return {
        ...{ kind: 'share-proof', title: 'The proof of a contributor’s share' },
        words: checkShareProof(list, source.json, related)
      };
    case 'attestation': {
      const title = 'A claim as an off-chain attestation of EAS';
      if (!options.checkAttestation) {
        list.unknown('attestation', 'Attestations of EAS are not checked here.');
        return { kind: 'attestation', title, words: [] };
      }
      const words = await options.checkAttestation(list, source.json, related, options);
      return {
        kind: 'attestation',
        title,
        words: [...words, ...(await claimIn(list, source.claim, related, options))]
      };
    }
    case 'anchored': {
      const file = readAnchored(list, source.json);
      const found = file && (await checkSigned(list, file.text, file.claim, options));
      if (!file || !found) return UNREADABLE;
      const look = await lookOf(list, { ...found, statements: [] }, related, true, options);
      await checkAnchorOf(list, found.signed, file.anchor, options);
      return { ...look, title: `${look.title}, and where it is anchored` };
    }
    case 'statement': {
      const found = await checkSigned(list, source.text, source.json, options);
      return found ? lookOf(list, { ...found, statements: [] }, related, true, options) : UNREADABLE;
    }
  }
}

/** The checks and words of the signed claim that came in an attestation of it. */
async function claimIn(
  list: CheckList,
  claim: unknown,
  related: Related,
  options: VerifyOptions
): Promise<string[]> {
  if (claim === undefined) return [];
  const inner = new CheckList(options.signal);
  const text = await inner.attempt('form', () => canonicalJson(claim));
  const found = text === undefined ? undefined : await checkSigned(inner, text, claim, options);
  const words = found && (await lookOf(inner, { ...found, statements: [] }, related, true, options)).words;
  list.include('claim', inner.checks);
  return words ?? [];
}

async function lookOf(
  list: CheckList,
  { signed, authentic, statements }: ContainerLook & SignedLook,
  related: Related,
  alone: boolean,
  options: VerifyOptions
): Promise<Look> {
  const { statement } = signed;
  if (authentic) {
    const cid = statementCid(signed);
    const all = related.with(statements);
    checkRelations(list, signed, cid, all, alone);
    await checkClaim(list, signed, cid, all, options);
  }
  const whole = !alone ? ', with its rows' : '';
  return {
    kind: statement.kind,
    title: `${TITLES[statement.kind]}${whole}`,
    words: [
      ...(authentic ? [] : ['This was not said by who it names, or was changed since. It says:']),
      ...wordsOf(statement)
    ]
  };
}
