// What to do about the distance to live: nothing, play faster or slower, or seek. Pure.

import { RateControl, SEEK_ERROR_S, Target } from './rate.js';

/** Errors that are left alone. Whoever joins guesses where live is by sound that is up to an interval of 0.96 s old, and learns better with
 *  the next: of a distance of seconds that is not worth ten seconds at another speed, with which each would begin to listen. */
const DEAD_BAND_CLOSE_S = 0.04;
const DEAD_BAND_S = 0.8;
/** A seek costs some browsers a second or two of silence: more of them would only feed each other. */
const SEEK_EVERY_S = 10;

export interface Heard {
  now_s: number;
  /** Media clock of what plays, and of the newest sound there is. */
  position_s: number;
  edge_s: number;
  /** Sound that is here and not played yet. */
  ahead_s: number;
  /** The buffer reaches to live. */
  fresh: boolean;
}

export type Move = { kind: 'rate'; rate: number } | { kind: 'seek'; to_s: number };

export class Pace {
  readonly target: Target;
  /** After an outage: no word is skipped, the distance is won back by speed. */
  catchingUp = false;
  #rate = new RateControl();
  #sought_at_s = -Infinity;

  constructor(close: boolean) {
    this.target = new Target(close);
  }

  /** The player went to a new place by itself. */
  begin(now_s: number): void {
    this.#sought_at_s = now_s;
    this.#rate.reset();
  }

  decide({ now_s, position_s, edge_s, ahead_s, fresh }: Heard): Move {
    const { close } = this.target;
    const target_s = this.target.value_s(now_s);
    const error_s = edge_s - position_s - target_s;
    if (error_s < SEEK_ERROR_S / 2) this.catchingUp = false;
    const rested = now_s - this.#sought_at_s > SEEK_EVERY_S;
    if (error_s > SEEK_ERROR_S && rested && fresh && !this.catchingUp) {
      this.begin(now_s);
      return { kind: 'seek', to_s: position_s + error_s };
    }
    // Playing faster than sound comes would only end in a stall; slower is always possible.
    const supplied = error_s < 0 || fresh || ahead_s > target_s;
    return { kind: 'rate', rate: supplied ? this.#rate.rate(error_s, close ? DEAD_BAND_CLOSE_S : DEAD_BAND_S) : 1 };
  }
}
