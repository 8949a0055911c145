import { clockText } from './timetext.js';
const MOMENT_S_MAX = 100_000;
export function momentOf(fragment) {
    const text = new URLSearchParams(fragment.replace(/^#/, '')).get('t') ?? '';
    if (!/^\d{1,6}(:[0-5]?\d){0,2}$/.test(text))
        return null;
    const moment_s = text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    return moment_s <= MOMENT_S_MAX ? moment_s : null;
}
export function momentLink(page, show_s) {
    return `${page.split('#')[0]}#t=${clockText(show_s)}`;
}
