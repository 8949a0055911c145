import { countdownText, dateText, dayTimeText } from '../shared/timetext.js';
const LATE_S = 120;
export function stageOf({ status, silence, player, replay }) {
    if (!status)
        return silence?.problem.reason === 'unknown_show' ? 'unknown' : 'loading';
    if (replay.loaded)
        return 'replay';
    const hearing = player.phase === 'playing' || player.phase === 'buffering' || player.phase === 'paused';
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
            if (hearing && player.following === 'behind')
                return 'live';
            return status.recording.ready ? 'loading' : 'preparing';
    }
}
export function saidOf(facts, texts) {
    const said = stageOf(facts) === 'unknown' ? null : troubleOf(facts, texts);
    return said ?? { sentence: sentence(facts, texts), next: '' };
}
function sentence(facts, texts) {
    const t = texts.listener;
    const stage = stageOf(facts);
    const { phase } = facts.player;
    if (stage === 'unknown')
        return t.unknownShow;
    if (stage === 'loading')
        return t.loading;
    if (stage === 'replay')
        return facts.replay.failed ? t.replayFailed : t.replay;
    if (stage === 'preparing')
        return facts.status?.recording.missing ? t.unrecorded : t.preparing;
    if (phase === 'paused')
        return facts.player.following === 'live' ? t.pausedLive : t.paused;
    const waiting = facts.room?.sentence(facts, stage);
    if (waiting != null)
        return waiting;
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
    if (phase === 'in_line')
        return t.connecting;
    if (stage === 'doors')
        return t.doorsOpen;
    return slateText(facts.slate, texts);
}
export function slateText(slate, texts) {
    return slate === null ? '' : (texts.listener.slate[slate] ?? '');
}
function troubleOf(facts, texts) {
    const { player, replay, now } = facts;
    const silence = replay.loaded ? replay.silence : facts.silence;
    const t = texts.listener;
    if (player.phase === 'playing' || player.phase === 'failed' || replay.failed)
        return null;
    const again = (at) => t.tryingAgain(Math.max(0, Math.ceil((at - now) / 1000)));
    const refused = (words, at) => ({ sentence: words, next: again(at) });
    const silent = (since, at) => ({ sentence: silentText(facts, since, texts), next: again(at) });
    if (player.phase === 'reconnecting' && player.retry_at !== null) {
        if (player.refusal && !player.refusal.unreachable)
            return refused(player.refusal.sentence('', texts.refusals), player.retry_at);
        if (!silence && !player.refusal?.unreachable)
            return { sentence: t.reconnecting, next: '' };
        return silent(Math.min(player.silent_since ?? now, silence?.since ?? now), player.retry_at);
    }
    if (player.phase === 'reconnecting')
        return { sentence: t.reconnecting, next: '' };
    if (!silence)
        return null;
    if (silence.problem.unreachable)
        return silent(silence.since, silence.retry_at);
    return refused(silence.problem.sentence('', texts.refusals), silence.retry_at);
}
function silentText({ online, address, replay, status, room }, since, texts) {
    const t = texts.listener;
    const time = dayTimeText(since, texts.language);
    const silent = online ? t.silentSince(time) : t.offlineSince(time);
    const known = [silent, room?.kept, t.recordingAt(address)].filter((words) => words);
    return replay.loaded || status?.phase === 'ended' ? silent : known.join(' ');
}
export function startText(status, server_now, texts) {
    const t = texts.listener;
    if (status.starts_at === null)
        return { when: t.notScheduled, left: '' };
    const left_s = (status.starts_at - server_now) / 1000;
    const when = t.startsAt(dateText(status.starts_at, texts.language, server_now));
    if (left_s > 0)
        return { when, left: t.startsIn(countdownText(left_s, texts.language)) };
    if (left_s > -LATE_S)
        return { when, left: t.startsAnyMoment };
    return { when, left: t.startsLate(Math.floor(-left_s / 60)) };
}
