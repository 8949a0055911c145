// Keys arrive in the fragment of a link, which no server and no Referer ever sees.

/** Takes `#key=…` and removes it from the address bar and the history, so that it is not shared by accident. */
export function takeKey(): string | null {
  const key = new URLSearchParams(location.hash.slice(1)).get('key');
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return key || null;
}

/** The show whose page this is: the first part of the path. */
export function showOfPath(): string {
  return decodeURIComponent(location.pathname.split('/')[1] ?? '');
}
