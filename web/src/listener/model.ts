// From what is known to what is shown. Pure.

import type { Texts } from './texts.js';
import { clockText, spokenText } from '../shared/timetext.js';
import { TARGET_DEFAULT_S } from '../player/rate.js';
import type { PlayerState } from '../player/state.js';
import type { ReplayState } from './replaystate.js';
import { saidOf, stageOf, startText, type Facts, type Room, type Stage } from './situation.js';
import type { StatusPoll } from './statuspoll.js';
import type { Model } from './view.js';

export interface Knowledge {
  poll: Pick<StatusPoll, 'status' | 'silence' | 'marks'> & { now(): number };
  player: PlayerState;
  replay: ReplayState;
  room: Room | null;
  close: boolean;
  kbps: number;
  /** The title as it was when this device last heard it. */
  title: string;
  online: boolean;
  address: string;
  /** Unix time of this machine. */
  now: number;
}

/** The heading of a page that knows no title yet. */
const PRODUCT = 'Stentor';
/** Further behind its distance to live than this, a listener is shown as being behind. */
const BEHIND_S = 2.5;

export function modelOf(known: Knowledge, texts: Texts): Model {
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
    // What the host wrote was for the show.
    message: stage === 'replay' || stage === 'preparing' || stage === 'ending' ? '' : (status?.message ?? ''),
    start: status && (stage === 'closed' || stage === 'doors') ? startText(status, facts.server_now, texts) : null,
    place: place && behind && !replay.loaded ? { ...place, right: behind } : place,
    behind,
    canMove: replay.loaded || (hearing && player.position_s !== null),
    canBeLive: (isBehind || (player.phase === 'in_line' && player.following === 'behind')) && status?.phase !== 'ended',
    close: known.close,
    canClose: stage === 'live' && steered,
    // A server that sends in longer intervals keeps everybody at this distance, close or not.
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

/** What the sentences are made of. */
function factsOf({ poll, player, replay, room, online, address, now }: Knowledge, heard_s: number | null): Facts {
  const { status, silence } = poll;
  // With a place on the media clock, the marks tell what is heard; without one, the status tells what is now.
  const slate = heard_s === null ? (status?.slate ?? null) : poll.marks.slateAt(heard_s);
  return { status, silence, player, slate, replay, room, online, address, now, server_now: poll.now() };
}

/** Media clock of the sound at the ear, when sound is there. */
function heardAt({ poll, player, replay }: Knowledge): number | null {
  if (replay.loaded) return (poll.status?.on_air_at_s ?? 0) + replay.position_s;
  return player.phase === 'stopped' || player.phase === 'ended' ? null : player.position_s;
}

/** Kilobits a second of the Opus renditions, the best first. */
function qualitiesOf(renditions: readonly string[]): number[] {
  const opus = renditions.filter((rendition) => /^opus-\d+$/.test(rendition));
  return opus.map((rendition) => Number(rendition.slice('opus-'.length))).sort((a, b) => b - a);
}

function badgeOf(stage: Stage, texts: Texts): string {
  const t = texts.listener;
  if (stage === 'live') return t.live;
  if (stage === 'closed') return t.soon;
  if (stage === 'doors') return t.hold;
  return stage === 'loading' || stage === 'unknown' ? '' : t.over;
}

function buttonOf({ player, replay }: Knowledge, stage: Stage, texts: Texts): Model['button'] {
  const t = texts.listener;
  if (stage === 'replay') {
    const label = replay.failed ? t.again : replay.playing ? t.pause : t.play;
    return { label, kind: replay.playing ? 'pause' : 'play', busy: replay.playing && replay.silence !== null, shown: true };
  }
  const shown = stage !== 'unknown' && stage !== 'loading' && stage !== 'preparing';
  const idle = { stopped: t.listen, ended: t.listen, blocked: t.listen, paused: t.play, failed: t.again }[player.phase as string];
  if (idle) return { label: idle, kind: 'play', busy: false, shown };
  return { label: t.stop, kind: 'stop', busy: player.phase !== 'playing', shown };
}

function placeOf(known: Knowledge, stage: Stage, texts: Texts): Model['place'] {
  const { player, replay, poll } = known;
  const { status } = poll;
  const t = texts.listener;
  const spoken = (value_s: number, max_s: number): string =>
    t.placeOf(spokenText(value_s, texts.language), spokenText(max_s, texts.language));
  if (replay.loaded) {
    const value_s = replay.position_s;
    const max_s = replay.duration_s;
    return { value_s, max_s, left: clockText(value_s), right: clockText(max_s), spoken: spoken(value_s, max_s) };
  }
  if (stage !== 'live' || !status || status.on_air_at_s === null) return null;
  const told_s = status.live_at_s === null ? null : status.live_at_s + (poll.now() - status.now) / 1000;
  const newest_s = status.ended_at_s ?? player.edge_s ?? told_s ?? status.on_air_at_s;
  const heard_s = heardAt(known);
  // What was not heard yet when on air is close: the show begins at 0:00, never before.
  const max_s = Math.max(0, newest_s - status.on_air_at_s);
  const value_s = heard_s === null ? max_s : Math.min(max_s, Math.max(0, heard_s - status.on_air_at_s));
  const nearLive = heard_s !== null && player.following === 'live';
  return {
    value_s,
    // At its distance to live the knob stands at the end of the bar.
    max_s: nearLive ? Math.max(value_s, max_s - player.latency_target_s) : max_s,
    left: clockText(value_s),
    right: '',
    spoken: spoken(value_s, max_s),
  };
}
