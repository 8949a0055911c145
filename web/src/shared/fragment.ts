// Keys arrive in the fragment of a link, which no server and no Referer ever sees.

/** What a link brings along. */
export interface Invitation {
  key: string | null;
  /** What whoever follows it has called themselves before; a proposal. */
  name: string;
}

/** Takes `#key=…&name=…` and removes it from the address bar and the history, so that it is not shared by accident. */
export function takeInvitation(): Invitation {
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return { key: fragment.get('key') || null, name: fragment.get('name') ?? '' };
}

/** The key alone, taken in the same way. */
export const takeKey = (): string | null => takeInvitation().key;

/** A link with a key in its fragment, for somebody whose name is known. */
export const invitationFor = (link: string, name: string): string => `${link}&name=${encodeURIComponent(name)}`;

/** The show whose page this is: the first part of the path. */
export function showOfPath(): string {
  return decodeURIComponent(location.pathname.split('/')[1] ?? '');
}
