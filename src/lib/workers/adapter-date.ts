import type { Store } from '../datanets/store/store';
import { isDay } from '../formats/jinja/strftime';
import { factsOf } from './run-facts';

/**
 * The day of the run that made an adapter: what its chat tells the template today is, so that it is asked as it was trained.
 * Undefined where none is known.
 */
export async function dateOf(store: Store, adapter: string): Promise<string | undefined> {
  const { metrics } = await store.adapter(adapter);
  const record = (await store.runs()).find(({ id }) => id === metrics['run']);
  const config = record?.run['config'] as { date?: unknown } | undefined;
  const known = [config?.date, record && factsOf(record)?.request.options['date']];
  return known.find((date): date is string => typeof date === 'string' && isDay(date));
}
