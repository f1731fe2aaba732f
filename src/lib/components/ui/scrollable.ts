/**
 * What scrolls within itself can be reached and scrolled by keyboard, as long as there is anything to scroll. For use
 * with `{@attach scrollable}`.
 */
export function scrollable(element: HTMLElement): () => void {
  const look = () => {
    const scrolls =
      element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1;
    if (scrolls) element.tabIndex = 0;
    else element.removeAttribute('tabindex');
  };
  const sizes = new ResizeObserver(look);
  const content = new MutationObserver(look);
  sizes.observe(element);
  content.observe(element, { childList: true, subtree: true, characterData: true });
  return () => {
    sizes.disconnect();
    content.disconnect();
  };
}
