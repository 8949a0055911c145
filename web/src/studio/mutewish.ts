// Muting oneself: at once on this device, and on the stage as soon as the server has heard of it.

/** What the server has not confirmed is asked again after this long: some round trips of a bad line. */
const REPEAT_MS = 3_000;

/**
 * Whether this microphone is silent. A press silences it even without a network. Others may silence it through the
 * stage, but only a press here opens it again: when the stage says it is open and nobody pressed, it stays shut and
 * the stage is told so.
 */
export class MuteWish {
  /** Somebody else silenced this microphone. */
  by_other = false;
  #muted: boolean;
  /** What the stage has still to be told. */
  #wish: boolean | null;
  #asked_ms = -Infinity;
  #heard = false;

  /** `muted` is how this tab was before a reload: nobody's microphone opens by a reload. */
  constructor(muted: boolean) {
    this.#muted = muted;
    this.#wish = muted ? true : null;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** A press. */
  want(muted: boolean): void {
    this.#muted = muted;
    this.#wish = muted;
    this.#asked_ms = -Infinity;
    this.by_other = false;
  }

  /** The stage said this; what is to be asked of it now, if anything. */
  hear(said: boolean, now_ms: number): boolean | null {
    if (said === this.#wish) this.#wish = null;
    else if (this.#wish === null && said !== this.#muted) this.#differ(said);
    this.#heard = true;
    if (this.#wish === null || now_ms - this.#asked_ms < REPEAT_MS) return null;
    this.#asked_ms = now_ms;
    return this.#wish;
  }

  /** The stage refused: a microphone that was to open stays shut. */
  refused(): void {
    if (this.#wish !== false) return;
    this.#wish = null;
    this.#muted = true;
  }

  #differ(said: boolean): void {
    if (said) {
      // Whoever comes back finds themselves as they left; that is nobody else's doing.
      this.by_other = this.#heard;
      this.#muted = true;
    } else {
      this.#wish = true;
    }
  }
}
