import { clockText, spokenText } from '../shared/timetext.js';
import { TARGET_DEFAULT_S } from '../player/rate.js';
import { saidOf, stageOf, startText } from './situation.js';
const PRODUCT = 'Stentor';
const BEHIND_S = 2.5;
export function modelOf(known, texts) {
    const { poll, player, replay } = known;
    const { status } = poll;
    const t = texts.listener;
    const heard_s = heardAt(known);
    const facts = factsOf(known, heard_s);
    const stage = stageOf(facts);
    const names = heard_s === null ? null : poll.marks.speakingAt(heard_s);
    const speaking = names ?? (replay.loaded ? [] : (status?.speaking ?? []));
    const place = placeOf(known, stage, texts);
    const { latency_s } = player;
    const isBehind = latency_s !== null && (player.following === 'behind' || latency_s - player.latency_target_s > BEHIND_S);
    const behind = isBehind ? t.behind(clockText(latency_s)) : '';
    const hearing = ['playing', 'buffering', 'reconnecting', 'paused'].includes(player.phase);
    const audible = stage === 'live' || stage === 'replay';
    const steered = player.mode === 'mse' || player.mode === 'managed';
    return {
        title: (heard_s === null ? null : poll.marks.titleAt(heard_s)) ?? (status?.title || known.title || PRODUCT),
        badge: badgeOf(stage, texts),
        onAir: stage === 'live',
        speaking: audible ? speaking : [],
        button: buttonOf(known, stage, texts),
        ...saidOf(facts, texts),
        waiting: known.room?.waiting(facts, stage) ?? null,
        address: known.address,
        message: stage === 'replay' || stage === 'preparing' || stage === 'ending' ? '' : (status?.message ?? ''),
        start: status && (stage === 'closed' || stage === 'doors') ? startText(status, facts.server_now, texts) : null,
        place: place && behind && !replay.loaded ? { ...place, right: behind } : place,
        behind,
        canMove: replay.loaded || (hearing && player.position_s !== null),
        canBeLive: (isBehind || (player.phase === 'in_line' && player.following === 'behind')) && status?.phase !== 'ended',
        close: known.close,
        canClose: stage === 'live' && steered,
        steady_s: player.latency_target_s > TARGET_DEFAULT_S ? Math.round(player.latency_target_s) : null,
        kbps: known.kbps,
        qualities: (stage === 'live' || stage === 'doors') && player.mode !== 'hls' ? qualitiesOf(status?.renditions ?? []) : [],
        replay: replay.loaded,
        speed: replay.speed,
        files: replay.loaded && status ? { m4a: status.recording.m4a, opus: status.recording.opus } : null,
        handsOpen: status?.hands_open === true && (stage === 'live' || stage === 'doors'),
        listeners: status?.listeners && stage === 'live' ? t.listeners(status.listeners) : '',
        pages: status?.pages ?? { imprint: null, privacy: null },
    };
}
function factsOf({ poll, player, replay, room, online, address, now }, heard_s) {
    const { status, silence } = poll;
    const slate = heard_s === null ? (status?.slate ?? null) : poll.marks.slateAt(heard_s);
    return { status, silence, player, slate, replay, room, online, address, now, server_now: poll.now() };
}
function heardAt({ poll, player, replay }) {
    if (replay.loaded)
        return (poll.status?.on_air_at_s ?? 0) + replay.position_s;
    return player.phase === 'stopped' || player.phase === 'ended' ? null : player.position_s;
}
function qualitiesOf(renditions) {
    const opus = renditions.filter((rendition) => /^opus-\d+$/.test(rendition));
    return opus.map((rendition) => Number(rendition.slice('opus-'.length))).sort((a, b) => b - a);
}
function badgeOf(stage, texts) {
    const t = texts.listener;
    if (stage === 'live')
        return t.live;
    if (stage === 'closed')
        return t.soon;
    if (stage === 'doors')
        return t.hold;
    return stage === 'loading' || stage === 'unknown' ? '' : t.over;
}
function buttonOf({ player, replay }, stage, texts) {
    const t = texts.listener;
    if (stage === 'replay') {
        const label = replay.failed ? t.again : replay.playing ? t.pause : t.play;
        return { label, kind: replay.playing ? 'pause' : 'play', busy: replay.playing && replay.silence !== null, shown: true };
    }
    const shown = stage !== 'unknown' && stage !== 'loading' && stage !== 'preparing';
    const idle = { stopped: t.listen, ended: t.listen, blocked: t.listen, paused: t.play, failed: t.again }[player.phase];
    if (idle)
        return { label: idle, kind: 'play', busy: false, shown };
    return { label: t.stop, kind: 'stop', busy: player.phase !== 'playing', shown };
}
function placeOf(known, stage, texts) {
    const { player, replay, poll } = known;
    const { status } = poll;
    const t = texts.listener;
    const spoken = (value_s, max_s) => t.placeOf(spokenText(value_s, texts.language), spokenText(max_s, texts.language));
    if (replay.loaded) {
        const value_s = replay.position_s;
        const max_s = replay.duration_s;
        return { value_s, max_s, left: clockText(value_s), right: clockText(max_s), spoken: spoken(value_s, max_s) };
    }
    if (stage !== 'live' || !status || status.on_air_at_s === null)
        return null;
    const told_s = status.live_at_s === null ? null : status.live_at_s + (poll.now() - status.now) / 1000;
    const newest_s = status.ended_at_s ?? player.edge_s ?? told_s ?? status.on_air_at_s;
    const heard_s = heardAt(known);
    const max_s = Math.max(0, newest_s - status.on_air_at_s);
    const value_s = heard_s === null ? max_s : Math.min(max_s, Math.max(0, heard_s - status.on_air_at_s));
    const nearLive = heard_s !== null && player.following === 'live';
    return {
        value_s,
        max_s: nearLive ? Math.max(value_s, max_s - player.latency_target_s) : max_s,
        left: clockText(value_s),
        right: '',
        spoken: spoken(value_s, max_s),
    };
}
