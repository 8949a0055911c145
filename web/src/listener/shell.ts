// The page keeps itself: a service worker (src/worker/sw.ts) that stands in while no server answers.

/** Not before the page and its sound have had the line for themselves. */
const SETTLE_MS = 3_000;
/** A crowd that comes in the same second does not ask for the worker in the same second. */
const SPREAD_MS = 7_000;

export function keepThisPage(): void {
  const { serviceWorker } = navigator;
  // Browsers have it on HTTPS and on localhost only; without it the page is simply not kept.
  if (!serviceWorker) return;
  const register = (): void => {
    serviceWorker.register('/sw.js', { updateViaCache: 'none' }).catch(() => {
      // Switched off, or no room: as without it.
    });
  };
  setTimeout(register, SETTLE_MS + SPREAD_MS * Math.random());
}
