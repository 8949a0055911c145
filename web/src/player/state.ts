// What a player tells, and what can be asked of it.

import type { Problem } from '../shared/problem.js';

/**
 * stopped: nothing was asked for, or Stop was pressed. waiting: the doors are closed, it comes back by
 * itself. in_line: the gate has not called yet; nothing is fetched, and there is hold sound. paused: the system or a media key took the sound, the place is kept. blocked: the browser wants another press.
 * ended: the stream is over. failed: tried several times in vain.
 */
export type PlayerPhase =
  | 'stopped'
  | 'connecting'
  | 'buffering'
  | 'playing'
  | 'reconnecting'
  | 'waiting'
  | 'in_line'
  | 'paused'
  | 'blocked'
  | 'ended'
  | 'failed';

export interface PlayerState {
  phase: PlayerPhase;
  mode: 'mse' | 'managed' | 'hls' | 'progressive';
  /** live: kept at its distance from the newest sound. behind: the listener went back and stays there. */
  following: 'live' | 'behind';
  close: boolean;
  /** Media clock of the sound that plays now. */
  position_s: number | null;
  /** Media clock of the newest sound there is. */
  edge_s: number | null;
  /** Age of the sound that plays now. */
  latency_s: number | null;
  latency_target_s: number;
  /** Sound that is here and not played yet. */
  ahead_s: number;
  rate: number;
  stalls: number;
  holes_jumped: number;
  reconnects: number;
  /** From the press on Listen, or the call of the gate, to moving sound. */
  first_sound_ms: number | null;
  /** Unix time of the next try, while there is no connection. */
  retry_at: number | null;
  /** Unix time since which nobody answers. */
  silent_since: number | null;
  refusal: Problem | null;
}

export function initialState(mode: PlayerState['mode'], close: boolean): PlayerState {
  return {
    phase: 'stopped',
    mode,
    following: 'live',
    close,
    position_s: null,
    edge_s: null,
    latency_s: null,
    latency_target_s: 0,
    ahead_s: 0,
    rate: 1,
    stalls: 0,
    holes_jumped: 0,
    reconnects: 0,
    first_sound_ms: null,
    retry_at: null,
    silent_since: null,
    refusal: null,
  };
}

/** What the element sounds while nothing is fetched for it. */
export interface Hold {
  /** Call it in the handler of a press, or when the element has played before. */
  begin(): void;
  /** What comes next in the element takes its place. */
  end(): void;
  /** The element is silent and free, if this was what sounded in it. */
  stop(): void;
}

/** How the gate lets this page in. */
export interface Entry {
  /** What streams are asked for with. */
  ticket: string | null;
  /** No stream is to be asked for now. What comes of one goes on. */
  held: boolean;
  hold: Hold | null;
}

export const FREE_ENTRY: Entry = { ticket: null, held: false, hold: null };

/** Refusals that mean another entry: the page knows when there is one, and nothing else helps. */
export const GATE_REFUSALS: ReadonlySet<string> = new Set(['full', 'not_your_turn', 'ticket_invalid', 'ticket_spent']);

/** Times that an element which broke is set up anew before the player gives up. */
export const MENDS_MAX = 4;
/** Sound that held for this long worked: what breaks after it is a new fault. */
export const STEADY_MS = 30_000;

/** What a stream carries unless it is asked for another rendition. */
export const KBPS_DEFAULT = 32;

export interface LivePlayer {
  readonly state: Readonly<PlayerState>;
  /** Starts at live. Call it in the handler of a press: browsers start sound only there. */
  listen(): void;
  stop(): void;
  /** Goes on after a pause: at live for who was live, else at the place. Call it in the handler of a press. */
  resume(): void;
  /** To a moment on the media clock; from then on the listener is behind. */
  seekTo(media_s: number): void;
  toLive(): void;
  setClose(close: boolean): void;
  /** Kilobits a second of the sound to ask for. */
  setQuality(kbps: number): void;
  /** What the gate says now. Whoever is in line goes in by themselves as soon as they are not held any more. */
  admit(entry: Entry): void;
  /** What the status document says about the show. */
  hint(on_air_at_s: number | null, live_at_s: number | null, anchor: number | null): void;
}
