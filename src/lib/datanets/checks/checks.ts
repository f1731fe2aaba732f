import { Pace, type PaceOptions } from '../pace';
import type { DatanetFacts, Licence } from '../datanet';
import type { Policy } from '../policy/policy';
import type { KeyedRow, RowCheck } from './check';
import { checkEmpty } from './empty';
import { ExactDuplicates } from './exact-duplicates';
import { CHECKS, type CheckName, type Finding } from './finding';
import { checkHiddenCharacters } from './hidden/hidden-characters';
import { checkPromptInjection } from './injection/prompt-injection';
import { checkLanguage, languageDetector, languageOf } from './language';
import { checkLicence } from './licence/licence';
import { NearDuplicates } from './near-duplicates';
import { checkPersonalData, personalDataFinder } from './personal-data/personal-data';
import { ReportBuilder, type CheckReport } from './report';
import { checkSchema } from './schema';
import { checkSecrets } from './secrets/secrets';
import { checkTruncated } from './truncated';

/** What rows are checked for. */
export interface CheckContext {
  /** Which checks; default all. */
  checks?: readonly CheckName[];
  /** Jaccard similarity from which rows are near duplicates, in (0, 1]. */
  similarity?: number;
  /** The Datanet that the rows are in, or are meant for. */
  datanet: { facts: Pick<DatanetFacts, 'language' | 'licence'>; policy?: Policy };
  /** Licences by contribution (CID), for rows that name none. */
  contributions?: ReadonlyMap<string, Licence>;
}

export interface RunOptions extends CheckContext, PaceOptions {
  /** How many rows will come. */
  count: number;
  /** Rows of the Datanet that a contribution is compared with, and how many. */
  against?: { rows: AsyncIterable<KeyedRow> | Iterable<KeyedRow>; count: number };
}

export interface CheckResult {
  report: CheckReport;
  /** In the order of the rows. At most `MAX_KEPT` of each check; the report counts all. */
  findings: Finding[];
}

/** Findings of one check that are kept: lists show no more, and a file made to fill the memory does not. */
export const MAX_KEPT = 20_000;

/** The checks that find in a row's own text, as one function; loads what they need. For masks, and while one writes. */
export async function rowChecks(context: CheckContext): Promise<RowCheck> {
  const checks = await Promise.all(
    CHECKS.filter((check) => isChosen(context, check)).map((check) => load(check, context))
  );
  return (row) => checks.flatMap((check) => check(row));
}

/**
 * Checks rows one after the other, lets other work of the thread run in between, and gives what was found with a report.
 * @throws the reason of the signal; `LanguageTablesError`; what reading the rows throws.
 */
export async function runChecks(
  rows: AsyncIterable<KeyedRow> | Iterable<KeyedRow>,
  options: RunOptions
): Promise<CheckResult> {
  const { count, against } = options;
  const total = count + (against?.count ?? 0);
  const pace = new Pace(options);
  const check = await rowChecks(options);
  const detect = isChosen(options, 'language') ? await languageDetector() : undefined;
  const exact = isChosen(options, 'exact-duplicate') ? new ExactDuplicates() : undefined;
  const near = isChosen(options, 'near-duplicate') ? new NearDuplicates(options.similarity) : undefined;
  let done = 0;
  if (against && (exact || near)) {
    for await (const other of against.rows) {
      exact?.addOther(other);
      near?.addOther(other);
      done += 1;
      if (pace.due) await pace.breathe(done, total);
    }
  }
  const report = new ReportBuilder(options.checks ?? CHECKS, count);
  const kept = new KeptFindings();
  for await (const row of rows) {
    const same = exact?.check(row) ?? [];
    const alike = near?.check(row) ?? [];
    // A row that is the same is not also told to be alike.
    const found = [...check(row), ...same, ...(same.length > 0 ? [] : alike)];
    const language = detect && languageOf(row.row, detect);
    found.push(...checkLanguage(row.key, language, options.datanet.facts.language));
    report.add(row.row, found, detect && (language ?? 'und'));
    kept.add(found);
    done += 1;
    if (pace.due) await pace.breathe(done, total);
  }
  pace.finish(total);
  return { report: report.finish(Date.now()), findings: kept.findings };
}

function isChosen({ checks }: CheckContext, check: CheckName): boolean {
  return checks?.includes(check) ?? true;
}

async function load(check: CheckName, { datanet, contributions }: CheckContext): Promise<RowCheck> {
  switch (check) {
    case 'schema':
      return checkSchema;
    case 'empty':
      return checkEmpty;
    case 'truncated':
      return checkTruncated;
    case 'personal-data':
      return checkPersonalData(await personalDataFinder(datanet.facts.language));
    case 'secret':
      return checkSecrets;
    case 'prompt-injection':
      return checkPromptInjection;
    case 'hidden-characters':
      return checkHiddenCharacters;
    case 'licence':
      return checkLicence({ licence: datanet.facts.licence, policy: datanet.policy }, contributions);
    case 'exact-duplicate':
    case 'near-duplicate':
    case 'language':
      // `runChecks` makes these: two look at rows together, and languages are for the report too.
      return () => [];
  }
}

class KeptFindings {
  readonly findings: Finding[] = [];
  readonly #counts = new Map<CheckName, number>();

  add(found: readonly Finding[]): void {
    for (const finding of found) {
      const count = (this.#counts.get(finding.check) ?? 0) + 1;
      this.#counts.set(finding.check, count);
      if (count <= MAX_KEPT) this.findings.push(finding);
    }
  }
}
