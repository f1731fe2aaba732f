import { goto } from '$app/navigation';
import { resolve } from '$app/paths';

/**
 * Shows a Datanet, in a tab of its page. Always through the router: an entry of the history that is not its own changes
 * the address on the way back, and not the page.
 * @param id of this browser
 * @param part what the address ends in, such as `rows` or `rows/import`; the first tab where it is empty
 */
export function showDatanet(id: string, part = ''): void {
  const address = resolve(`/datanets/view?id=${encodeURIComponent(id)}${part && `#${part}`}`);
  // Between two tabs, focus and place stay where they are; another page begins at its top by itself.
  const within = location.pathname === resolve('/datanets/view');
  void goto(address, { noScroll: within, keepFocus: within });
}
