import { meIn } from './documents.js';
export function noticesOf({ document, blocked, microphone, muted, muted_by_other }) {
    const notices = [];
    if (microphone === 'lost')
        notices.push({ kind: 'microphone_lost' });
    if (microphone === 'taken')
        notices.push({ kind: 'microphone_taken' });
    if (blocked)
        notices.push({ kind: 'blocked' });
    if (document?.phase === 'on_air' && document.slate === 'nobody_connected')
        notices.push({ kind: 'nobody_on_air' });
    for (const warning of document?.warnings ?? [])
        notices.push({ kind: 'show', warning });
    if (muted_by_other)
        notices.push({ kind: 'muted_by_other' });
    for (const warning of meIn(document)?.warnings ?? []) {
        if (warning === 'silent' && (muted || microphone !== 'open'))
            continue;
        notices.push({ kind: 'mine', warning });
    }
    return notices;
}
