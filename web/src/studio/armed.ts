// A button for what cannot be taken back and cannot wait: two presses on one spot.

/** A second press within this is the tail of a double click, made by habit and not by decision. */
const SECOND_AFTER_MS = 300;
/** An armed button that nobody presses is harmless again after this. */
const ARMED_MS = 3_000;

/**
 * The first press arms, a second within three seconds fires. Whoever hammers the button fires it in well under
 * a second, a single touch by mistake does nothing, and nothing has to be read or found for it.
 */
export class Armed {
  #armed_ms = -Infinity;

  /** True when this press fires. */
  press(now_ms: number): boolean {
    if (!this.isArmed(now_ms)) {
      this.#armed_ms = now_ms;
      return false;
    }
    if (now_ms - this.#armed_ms < SECOND_AFTER_MS) return false;
    this.#armed_ms = -Infinity;
    return true;
  }

  isArmed(now_ms: number): boolean {
    return now_ms - this.#armed_ms < ARMED_MS;
  }
}
