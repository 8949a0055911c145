// When to try again.

/** Spread that is added to a wait the server named, so that a crowd does not return in one instant. */
const SERVER_WAIT_SPREAD = 0.2;

/**
 * Waits that double from `min_s` to `max_s`, each spread over its upper half. A wait that the server
 * names is kept, never shortened. Randomness (0 ≤ x < 1) is an argument.
 */
export class Backoff {
  #tries = 0;

  constructor(
    readonly min_s: number,
    readonly max_s: number,
    readonly random: () => number = Math.random,
  ) {}

  /** Seconds until the next try. */
  next(retry_after_s: number | null = null): number {
    const base = Math.min(this.max_s, this.min_s * 2 ** this.#tries);
    if (base < this.max_s) this.#tries += 1;
    if (retry_after_s !== null && retry_after_s >= 0) {
      return retry_after_s * (1 + SERVER_WAIT_SPREAD * this.random());
    }
    return base * (0.5 + 0.5 * this.random());
  }

  reset(): void {
    this.#tries = 0;
  }
}
