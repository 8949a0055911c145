// What goes on, as a value and as a sentence. Pure: everything it needs is an argument.

import type { SlateReason, StatusDocument } from '../shared/documents.js';
import type { Texts } from '../shared/language.js';
import { countdownText, dateText, dayTimeText } from '../shared/timetext.js';
import type { PlayerState } from '../player/state.js';
import type { Silence } from './statuspoll.js';

/** loading: nothing known yet. unknown: no such show. closed: before the doors. doors: slate until on air. */
export type Stage = 'loading' | 'unknown' | 'closed' | 'doors' | 'live' | 'ending' | 'preparing' | 'replay';

export interface Facts {
  status: StatusDocument | null;
  silence: Silence | null;
  player: PlayerState;
  /** Slate at the moment that is heard, or now when nothing plays. */
  slate: SlateReason | null;
  /** The page plays the recording. */
  replay: boolean;
  /** Unix time of this machine, and of the server. */
  now: number;
  server_now: number;
}

export function stageOf({ status, silence, player, replay }: Facts): Stage {
  if (!status) return silence?.problem.reason === 'unknown_show' ? 'unknown' : 'loading';
  if (replay) return 'replay';
  // Whoever is behind live goes on hearing the show after its end.
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

export function sentence(facts: Facts, texts: Texts): string {
  const t = texts.listener;
  const stage = stageOf(facts);
  if (stage === 'unknown') return t.unknownShow;
  const trouble = troubleOf(facts, texts);
  if (trouble) return trouble;
  if (stage === 'loading') return t.loading;
  if (stage === 'replay') return t.replay;
  if (stage === 'preparing') return t.preparing;
  const { phase } = facts.player;
  if (stage === 'closed') return phase === 'stopped' ? t.doorsClosed : t.armed;
  if (phase === 'blocked') return t.blocked;
  if (phase === 'failed') return t.failed;
  if (phase === 'connecting') return t.connecting;
  if (phase === 'buffering') return t.buffering;
  if (facts.slate === 'ended' || stage === 'ending') return t.ending;
  if (stage === 'doors') return t.doorsOpen;
  if (facts.slate === 'nobody_connected') return t.nobody;
  return '';
}

/** When nobody answers, or a stream is refused, and nothing is heard any more. */
function troubleOf({ player, silence, now }: Facts, texts: Texts): string {
  const t = texts.listener;
  if (player.phase === 'playing') return '';
  const seconds = (at: number): number => Math.max(0, Math.ceil((at - now) / 1000));
  if (player.phase === 'reconnecting' && player.retry_at !== null) {
    if (player.refusal && !player.refusal.unreachable) return t.refused(player.refusal.sentence(''), seconds(player.retry_at));
    if (silence || player.refusal?.unreachable) {
      const since = Math.min(player.silent_since ?? now, silence?.since ?? now);
      return t.silentSince(dayTimeText(since, texts.language), seconds(player.retry_at));
    }
    return t.reconnecting;
  }
  if (player.phase === 'reconnecting') return t.reconnecting;
  if (!silence) return '';
  if (!silence.problem.unreachable) return t.refused(silence.problem.sentence(''), seconds(silence.retry_at));
  return t.silentSince(dayTimeText(silence.since, texts.language), seconds(silence.retry_at));
}

/** The line about the start: the date before, a countdown when it is near. */
export function startText(status: StatusDocument, server_now: number, texts: Texts): { when: string; left: string } {
  const t = texts.listener;
  if (status.starts_at === null) return { when: t.notScheduled, left: '' };
  const left_s = (status.starts_at - server_now) / 1000;
  const when = t.startsAt(dateText(status.starts_at, texts.language));
  return { when, left: left_s <= 0 ? t.startsAnyMoment : t.startsIn(countdownText(left_s, texts.language)) };
}
