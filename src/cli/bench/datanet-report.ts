/** What the Datanet benchmark measures, and how it reads. */

export type StageName =
  'import' | 'exact duplicates' | 'near duplicates' | 'search' | 'scroll' | 'version' | 'export' | 'open';

export interface DatanetStage {
  stage: StageName;
  milliseconds: number;
  /** Longest time that the page's thread did not answer, in milliseconds. */
  longestPause: number;
  /** Longest wait for an answer of the worker to something small, in milliseconds. */
  slowestAnswer: number;
}

export interface DatanetBenchResult {
  rows: number;
  bytes: number;
  bundleBytes: number;
  /** Rows with a finding. */
  exactDuplicates: number;
  nearDuplicates: number;
  /** Rows that the search found. */
  found: number;
  root: string;
  /** What the exported file is, opened again. */
  opened: string;
  /** Most bytes that the browser's process of the page and its workers held, where the system tells. */
  peakBytes?: number;
  stages: DatanetStage[];
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** A table for people. */
export function datanetReport(result: DatanetBenchResult): string {
  const lines = [
    `${result.rows} rows, ${mib(result.bytes)}; bundle ${mib(result.bundleBytes)}` +
      (result.peakBytes === undefined ? '' : `; peak ${mib(result.peakBytes)}`),
    `${result.exactDuplicates} exact and ${result.nearDuplicates} near duplicates; the search found ${result.found}`,
    '',
    `${'stage'.padEnd(18)}${'seconds'.padStart(10)}${'page waits, ms'.padStart(17)}${'worker answers, ms'.padStart(21)}`
  ];
  for (const { stage, milliseconds, longestPause, slowestAnswer } of result.stages) {
    lines.push(
      stage.padEnd(18) +
        (milliseconds / 1000).toFixed(2).padStart(10) +
        longestPause.toFixed(0).padStart(17) +
        slowestAnswer.toFixed(0).padStart(21)
    );
  }
  return lines.join('\n');
}
