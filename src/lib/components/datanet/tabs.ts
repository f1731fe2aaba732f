import type { DatanetDetail, DatanetRole } from '$lib/workers/datanets/protocol';

/** The tabs of a Datanet's page, by the fragment of their address. */
export type TabName = 'rows' | 'about' | 'checks' | 'proposals' | 'access' | 'versions' | 'hand-in';

export interface DatanetTab {
  name: TabName;
  label: string;
  /** What waits in it. */
  count?: number;
}

const tabsOf: Record<DatanetRole, readonly TabName[]> = {
  owner: ['rows', 'about', 'checks', 'proposals', 'access', 'versions'],
  contributor: ['rows', 'checks', 'hand-in', 'about'],
  reader: ['rows', 'about', 'checks', 'access', 'versions']
};

const labels: Record<TabName, string> = {
  rows: 'Rows',
  about: 'About',
  checks: 'Checks',
  proposals: 'Proposals',
  access: 'Access',
  versions: 'Versions',
  'hand-in': 'Hand in'
};

/** The tabs that a person has, by what the browser is to the Datanet. */
export function datanetTabs(detail: Pick<DatanetDetail, 'role' | 'waiting'>): DatanetTab[] {
  const counts: Partial<Record<TabName, number>> = {
    proposals: detail.waiting.proposals,
    access: detail.waiting.requests
  };
  return tabsOf[detail.role].map((name) => ({
    name,
    label: labels[name],
    count: counts[name] || undefined
  }));
}

/** The tab that an address asks for (`#checks`, `#rows/import`), or the first where it asks for none of these. */
export function tabOfHash(hash: string, tabs: readonly DatanetTab[]): TabName {
  const [wanted] = partsOf(hash);
  return tabs.find((tab) => tab.name === wanted)?.name ?? tabs[0].name;
}

/** What an address asks for within its tab: `import` of `#rows/import`, or '' for nothing. */
export function partOfHash(hash: string): string {
  return partsOf(hash)[1] ?? '';
}

function partsOf(hash: string): string[] {
  return hash.replace(/^#/, '').split('/');
}
