// Keeping the distance to live: where live is, how far behind to stay, how fast to play.

/** Speed changes per second of error; weak on purpose, so that nobody hears it. */
const GAIN = 0.15;
const RATE_MIN = 0.95;
const RATE_MAX = 1.06;
/** Further behind than this, catching up by speed would take longer than 33 s: seek instead. */
export const SEEK_ERROR_S = 2;

/** Robust: what comes at once, and two and a half of the network's. A server that says nothing sends 0.96 s. */
const CUSHION_S = 2.54;
const INTERVAL_DEFAULT_S = 0.96;
export const TARGET_DEFAULT_S = INTERVAL_DEFAULT_S + CUSHION_S;
/** Close to live: one chunk of 0.32 s that is under way, and 0.18 s of cushion. */
export const TARGET_CLOSE_S = 0.5;
const TARGET_CLOSE_S_MAX = 1.5;
/** After a stall the cushion grows by this, and it shrinks by a third of it after each quiet minute. */
const TARGET_STEP_S = 0.15;
const QUIET_S = 60;

/**
 * The newest sound there is, by the clock of this page: the arrival that was least late in the last
 * half minute tells the offset between the clocks. Late arrivals and old statuses only say less.
 */
export class Edge {
  #seen: { now_s: number; offset_s: number }[] = [];

  /** Sound up to `end_s` of the media clock existed at `now_s` of the page's clock. */
  observe(now_s: number, end_s: number): void {
    const offset_s = end_s - now_s;
    // Whoever looks more often than sound comes sees the same arrival again, which must not push others out.
    const last = this.#seen[this.#seen.length - 1];
    if (last && last.now_s === now_s && last.offset_s === offset_s) return;
    this.#seen = this.#seen.filter((s) => now_s - s.now_s < 30);
    this.#seen.push({ now_s, offset_s });
    if (this.#seen.length > 128) this.#seen.shift();
  }

  at(now_s: number): number | null {
    if (this.#seen.length === 0) return null;
    return now_s + Math.max(...this.#seen.map((s) => s.offset_s));
  }
}

/** How far behind the newest sound to play. Close to live it learns from stalls. */
export class Target {
  #close_s = TARGET_CLOSE_S;
  #changed_s = 0;

  #interval_s = INTERVAL_DEFAULT_S;

  constructor(public close: boolean) {}

  /** How much of it comes at once. */
  get interval_s(): number {
    return this.#interval_s;
  }

  /** So much sound comes at once. */
  comes(interval_s: number | null): void {
    this.#interval_s = Math.max(interval_s ?? 0, INTERVAL_DEFAULT_S);
  }

  value_s(now_s: number): number {
    // Who asks to be close to a server that has no processor left for it gets sound no sooner.
    if (!this.close || this.#interval_s > INTERVAL_DEFAULT_S) return this.#interval_s + CUSHION_S;
    if (now_s - this.#changed_s > QUIET_S) {
      this.#close_s = Math.max(TARGET_CLOSE_S, this.#close_s - TARGET_STEP_S / 3);
      this.#changed_s = now_s;
    }
    return this.#close_s;
  }

  stalled(now_s: number): void {
    if (this.close) this.#close_s = Math.min(TARGET_CLOSE_S_MAX, this.#close_s + TARGET_STEP_S);
    this.#changed_s = now_s;
  }
}

/**
 * Speed from the error (positive: too far behind). Time stretching costs a little sound quality, so
 * it only begins outside a dead band and goes on until the error is nearly gone.
 */
export class RateControl {
  #correcting = false;

  rate(error_s: number, dead_band_s: number): number {
    const size = Math.abs(error_s);
    if (size > dead_band_s) this.#correcting = true;
    else if (size < dead_band_s / 4) this.#correcting = false;
    if (!this.#correcting) return 1;
    return Math.min(RATE_MAX, Math.max(RATE_MIN, 1 + GAIN * error_s));
  }

  reset(): void {
    this.#correcting = false;
  }
}
