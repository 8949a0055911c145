// The keyboard's place on a page that changes by itself.

const isSeen = (element: Element | undefined): boolean => element !== undefined && element.isConnected && element.closest('[hidden]') === null;

/**
 * Runs `change`. When it hides or removes what had the focus inside `root`, the first of `next` that can be seen gets
 * it: else the focus would fall to the top of the page, and whoever works by keyboard would begin there again.
 */
export function keepFocus(root: HTMLElement, change: () => void, next: () => readonly (HTMLElement | undefined)[]): void {
  const focused = document.activeElement;
  const had = focused !== null && root.contains(focused);
  change();
  if (had && !isSeen(focused)) next().find(isSeen)?.focus();
}
