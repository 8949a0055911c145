// What the page knows of a recording that plays; what plays it is loaded when there is one.

import type { Silence } from './statuspoll.js';

export interface ReplayState {
  loaded: boolean;
  /** Sound is wanted: it plays, or goes on by itself as soon as it can. */
  playing: boolean;
  /** Seconds of the show. */
  position_s: number;
  duration_s: number;
  speed: number;
  /** Nobody gives the recording now; it is asked for again. */
  silence: Silence | null;
  /** No source can be played; a press tries all of them again. */
  failed: boolean;
}

export const NO_REPLAY: Readonly<ReplayState> = {
  loaded: false,
  playing: false,
  position_s: 0,
  duration_s: 0,
  speed: 1,
  silence: null,
  failed: false,
};

export const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2] as const;
