// Whether a clock goes on by itself: a jump, as to the place where sound is, is no movement.

/** Less than this, in seconds, is no movement. */
const MOVED_S = 0.05;
/** Nothing is played faster than this; `MOVED_S` beside it for the grain of a clock. */
const SPEED_MAX = 4;

export class Movement {
  #was_s: number;
  #was_ms: number;
  #moved_s = 0;

  constructor(clock_s: number, now_ms: number) {
    this.#was_s = clock_s;
    this.#was_ms = now_ms;
  }

  /** Takes a reading; `true` once the clock has moved. */
  read(clock_s: number, now_ms: number): boolean {
    const step_s = clock_s - this.#was_s;
    const step_s_max = (SPEED_MAX * (now_ms - this.#was_ms)) / 1000 + MOVED_S;
    if (step_s > 0 && step_s <= step_s_max) this.#moved_s += step_s;
    [this.#was_s, this.#was_ms] = [clock_s, now_ms];
    return this.#moved_s > MOVED_S;
  }
}
