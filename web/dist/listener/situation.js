import { countdownText, dateText, dayTimeText } from '../shared/timetext.js';
export function stageOf({ status, silence, player, replay }) {
    if (!status)
        return silence?.problem.reason === 'unknown_show' ? 'unknown' : 'loading';
    if (replay)
        return 'replay';
    const hearing = player.phase === 'playing' || player.phase === 'buffering';
    switch (status.phase) {
        case 'announced':
            return 'closed';
        case 'doors':
            return 'doors';
        case 'on_air':
            return 'live';
        case 'ending':
            return player.following === 'behind' && hearing ? 'live' : 'ending';
        case 'ended':
            return hearing && player.following === 'behind' ? 'live' : 'preparing';
    }
}
export function sentence(facts, texts) {
    const t = texts.listener;
    const stage = stageOf(facts);
    if (stage === 'unknown')
        return t.unknownShow;
    const trouble = troubleOf(facts, texts);
    if (trouble)
        return trouble;
    if (stage === 'loading')
        return t.loading;
    if (stage === 'replay')
        return t.replay;
    if (stage === 'preparing')
        return t.preparing;
    const { phase } = facts.player;
    if (stage === 'closed')
        return phase === 'stopped' ? t.doorsClosed : t.armed;
    if (phase === 'blocked')
        return t.blocked;
    if (phase === 'failed')
        return t.failed;
    if (phase === 'connecting')
        return t.connecting;
    if (phase === 'buffering')
        return t.buffering;
    if (facts.slate === 'ended' || stage === 'ending')
        return t.ending;
    if (stage === 'doors')
        return t.doorsOpen;
    if (facts.slate === 'nobody_connected')
        return t.nobody;
    return '';
}
function troubleOf({ player, silence, now }, texts) {
    const t = texts.listener;
    if (player.phase === 'playing')
        return '';
    const seconds = (at) => Math.max(0, Math.ceil((at - now) / 1000));
    if (player.phase === 'reconnecting' && player.retry_at !== null) {
        if (player.refusal && !player.refusal.unreachable)
            return t.refused(player.refusal.sentence(''), seconds(player.retry_at));
        if (silence || player.refusal?.unreachable) {
            const since = Math.min(player.silent_since ?? now, silence?.since ?? now);
            return t.silentSince(dayTimeText(since, texts.language), seconds(player.retry_at));
        }
        return t.reconnecting;
    }
    if (player.phase === 'reconnecting')
        return t.reconnecting;
    if (!silence)
        return '';
    if (!silence.problem.unreachable)
        return t.refused(silence.problem.sentence(''), seconds(silence.retry_at));
    return t.silentSince(dayTimeText(silence.since, texts.language), seconds(silence.retry_at));
}
export function startText(status, server_now, texts) {
    const t = texts.listener;
    if (status.starts_at === null)
        return { when: t.notScheduled, left: '' };
    const left_s = (status.starts_at - server_now) / 1000;
    const when = t.startsAt(dateText(status.starts_at, texts.language));
    return { when, left: left_s <= 0 ? t.startsAnyMoment : t.startsIn(countdownText(left_s, texts.language)) };
}
