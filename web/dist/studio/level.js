import { SILENCE_DBFS } from './microphone.js';
export function drawLevel(bar, level_dbfs) {
    const share = level_dbfs === null ? 0 : Math.min(1, Math.max(0, 1 - level_dbfs / SILENCE_DBFS));
    bar.style.setProperty('--level', share.toFixed(2));
}
