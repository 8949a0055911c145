// What goes on, as a value and as sentences. Pure: everything it needs is an argument.

import type { SlateReason, StatusDocument } from '../shared/documents.js';
import type { Texts } from './texts.js';
import { countdownText, dateText, dayTimeText } from '../shared/timetext.js';
import type { PlayerState } from '../player/state.js';
import type { ReplayState } from './replaystate.js';
import type { Silence } from './statuspoll.js';
import type { Waiting } from './waitingwords.js';

/** loading: nothing known yet. unknown: no such show. closed: before the doors. doors: slate until on air. */
export type Stage = 'loading' | 'unknown' | 'closed' | 'doors' | 'live' | 'ending' | 'preparing' | 'replay';

export interface Facts {
  status: StatusDocument | null;
  silence: Silence | null;
  player: PlayerState;
  /** Slate at the moment that is heard, or now when nothing plays. */
  slate: SlateReason | null;
  replay: ReplayState;
  /** The waiting room, where there is something to wait for. */
  room: Room | null;
  /** The browser believes that there is a network. */
  online: boolean;
  /** Where this page is, as people write it. */
  address: string;
  /** Unix time of this machine, and of the server. */
  now: number;
  server_now: number;
}

/** What the waiting room says of the same facts. */
export interface Room {
  /** `null` where the gate changes nothing. */
  sentence(facts: Facts, stage: Stage): string | null;
  waiting(facts: Facts, stage: Stage): Waiting | null;
  /** That a place in line is kept; empty where there is none. */
  readonly kept: string;
}

export interface Said {
  /** Read aloud when it changes, so nothing in it counts. */
  sentence: string;
  /** What counts: the seconds until the next try. */
  next: string;
}

/** A start that is later than this is called late, not "at any moment". */
const LATE_S = 120;

export function stageOf({ status, silence, player, replay }: Facts): Stage {
  if (!status) return silence?.problem.reason === 'unknown_show' ? 'unknown' : 'loading';
  if (replay.loaded) return 'replay';
  // Whoever is behind live goes on hearing the show after its end.
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
      if (hearing && player.following === 'behind') return 'live';
      // What plays it is on its way.
      return status.recording.ready ? 'loading' : 'preparing';
  }
}

export function saidOf(facts: Facts, texts: Texts): Said {
  const said = stageOf(facts) === 'unknown' ? null : troubleOf(facts, texts);
  return said ?? { sentence: sentence(facts, texts), next: '' };
}

function sentence(facts: Facts, texts: Texts): string {
  const t = texts.listener;
  const stage = stageOf(facts);
  const { phase } = facts.player;
  if (stage === 'unknown') return t.unknownShow;
  if (stage === 'loading') return t.loading;
  if (stage === 'replay') return facts.replay.failed ? t.replayFailed : t.replay;
  if (stage === 'preparing') return facts.status?.recording.missing ? t.unrecorded : t.preparing;
  if (phase === 'paused') return facts.player.following === 'live' ? t.pausedLive : t.paused;
  const waiting = facts.room?.sentence(facts, stage);
  if (waiting != null) return waiting;
  if (stage === 'closed') return phase === 'stopped' ? t.doorsClosed : t.armed;
  if (phase === 'blocked') return t.blocked;
  if (phase === 'failed') return t.failed;
  if (phase === 'connecting') return t.connecting;
  if (phase === 'buffering') return t.buffering;
  if (facts.slate === 'ended' || stage === 'ending') return t.ending;
  // Called, or let in without a ticket, and not inside yet.
  if (phase === 'in_line') return t.connecting;
  if (stage === 'doors') return t.doorsOpen;
  return slateText(facts.slate, texts);
}

/** Why there is slate while the show is on air; an unknown reason of a newer server is told as none. */
export function slateText(slate: SlateReason | null, texts: Texts): string {
  return slate === null ? '' : (texts.listener.slate[slate] ?? '');
}

/** When nobody answers, or a stream is refused, and nothing is heard any more. */
function troubleOf(facts: Facts, texts: Texts): Said | null {
  const { player, replay, now } = facts;
  // A recording that plays needs no status.
  const silence = replay.loaded ? replay.silence : facts.silence;
  const t = texts.listener;
  if (player.phase === 'playing' || player.phase === 'failed' || replay.failed) return null;
  const again = (at: number): string => t.tryingAgain(Math.max(0, Math.ceil((at - now) / 1000)));
  const refused = (words: string, at: number): Said => ({ sentence: words, next: again(at) });
  const silent = (since: number, at: number): Said => ({ sentence: silentText(facts, since, texts), next: again(at) });
  if (player.phase === 'reconnecting' && player.retry_at !== null) {
    if (player.refusal && !player.refusal.unreachable) return refused(player.refusal.sentence('', texts.refusals), player.retry_at);
    if (!silence && !player.refusal?.unreachable) return { sentence: t.reconnecting, next: '' };
    return silent(Math.min(player.silent_since ?? now, silence?.since ?? now), player.retry_at);
  }
  if (player.phase === 'reconnecting') return { sentence: t.reconnecting, next: '' };
  if (!silence) return null;
  if (silence.problem.unreachable) return silent(silence.since, silence.retry_at);
  return refused(silence.problem.sentence('', texts.refusals), silence.retry_at);
}

/** Since when nobody answers, and where the show will be found even so. */
function silentText({ online, address, replay, status, room }: Facts, since: number, texts: Texts): string {
  const t = texts.listener;
  const time = dayTimeText(since, texts.language);
  const silent = online ? t.silentSince(time) : t.offlineSince(time);
  const known = [silent, room?.kept, t.recordingAt(address)].filter((words) => words);
  return replay.loaded || status?.phase === 'ended' ? silent : known.join(' ');
}

/** The lines about the start: the date in this device's zone, a countdown when it is near, and the truth when it slips. */
export function startText(status: StatusDocument, server_now: number, texts: Texts): { when: string; left: string } {
  const t = texts.listener;
  if (status.starts_at === null) return { when: t.notScheduled, left: '' };
  const left_s = (status.starts_at - server_now) / 1000;
  const when = t.startsAt(dateText(status.starts_at, texts.language, server_now));
  if (left_s > 0) return { when, left: t.startsIn(countdownText(left_s, texts.language)) };
  if (left_s > -LATE_S) return { when, left: t.startsAnyMoment };
  return { when, left: t.startsLate(Math.floor(-left_s / 60)) };
}
