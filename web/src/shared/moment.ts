// Links to a moment of a show: `#t=1:23:45`.

import { clockText } from './timetext.js';

/** A day and a bit: no show is longer, and whoever types more has mistyped. */
const MOMENT_S_MAX = 100_000;

/** Seconds of the show in a fragment such as `#t=1:23:45`, `#t=83:45` or `#t=90`; `null` when there are none. */
export function momentOf(fragment: string): number | null {
  const text = new URLSearchParams(fragment.replace(/^#/, '')).get('t') ?? '';
  if (!/^\d{1,6}(:[0-5]?\d){0,2}$/.test(text)) return null;
  const moment_s = text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return moment_s <= MOMENT_S_MAX ? moment_s : null;
}

/** The address of `page` at a moment. */
export function momentLink(page: string, show_s: number): string {
  return `${page.split('#')[0]}#t=${clockText(show_s)}`;
}
