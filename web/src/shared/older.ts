// What browsers of some years ago have no word for: AbortSignal.timeout (Chrome 103, Safari 16), AbortSignal.any (Chrome 116,
// Safari 17.4) and URL.canParse (Chrome 120, Safari 17). A page that calls one of these there would never hear the server.

/** Aborts after `ms` at the latest, and at once when one of `others` does. */
export function patience(ms: number, ...others: AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
    for (const other of others) other.removeEventListener('abort', abort);
  };
  setTimeout(abort, ms);
  for (const other of others) {
    if (other.aborted) abort();
    else other.addEventListener('abort', abort);
  }
  return controller.signal;
}

/** A whole address, taken apart; `null` when it is none. */
export function addressOf(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
