import type { Row } from '../lib/datanets/row';

/** Who is paid for a row. */
export function contributorOf({ contributor = 'nobody named' }: Row): string {
  return contributor;
}
