import { meIn } from './documents.js';
const FAILURES_TOLD = 2;
const SILENCE_TOLD_MS = 5_000;
const REFUSAL_TOLD_MS = 20_000;
export function noticesOf({ document, connection, blocked, microphone, microphone_problem, muted, muted_by_other }) {
    const notices = noticesOfTries(connection);
    if (microphone === 'lost')
        notices.push({ kind: 'microphone_lost', problem: microphone_problem });
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
function noticesOfTries({ failures, problem }) {
    if (problem && !problem.unreachable)
        return [{ kind: 'refused', problem }];
    if (failures < FAILURES_TOLD)
        return [];
    return [{ kind: problem ? 'server_silent' : 'no_way' }];
}
export function isPast(problem, told_ms) {
    return told_ms >= (problem.unreachable ? SILENCE_TOLD_MS : REFUSAL_TOLD_MS);
}
