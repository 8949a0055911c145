// A level as a bar.

import { SILENCE_DBFS } from './microphone.js';

/** Draws −60…0 dBFS as an empty to a full bar. */
export function drawLevel(bar: HTMLElement, level_dbfs: number | null): void {
  const share = level_dbfs === null ? 0 : Math.min(1, Math.max(0, 1 - level_dbfs / SILENCE_DBFS));
  bar.style.setProperty('--level', share.toFixed(2));
}
