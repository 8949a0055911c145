// What time it is at the server, by the header Date of its answers: the times in its documents are of its clock, and
// the clock of the operator's computer may be wrong.

/** A Date leaves out the part of the second. */
const DATE_STEP_MS = 1_000;

/**
 * How far the server is ahead after one more answer, in ms. `date` was true at some moment between `asked_at` and
 * `answered_at` of this computer's clock, which gives a least and a most; what was known before is kept as far as it
 * lies between them, so that a countdown does not jump about, and each answer can only make it better.
 */
export function aheadAfter(known_ms: number | null, date: number, asked_at: number, answered_at: number): number {
  const least = date - answered_at;
  const most = date + DATE_STEP_MS - asked_at;
  return known_ms === null ? (least + most) / 2 : Math.min(most, Math.max(least, known_ms));
}

export class ServerClock {
  #ahead_ms: number | null = null;

  /** Hears the Date of an answer; one that is missing or makes no sense changes nothing. */
  hear(date: string | null, asked_at: number, answered_at: number): void {
    const told = Date.parse(date ?? '');
    if (Number.isFinite(told)) this.#ahead_ms = aheadAfter(this.#ahead_ms, told, asked_at, answered_at);
  }

  /** The server's Unix time when this computer's clock shows `at`. */
  time(at: number): number {
    return at + (this.#ahead_ms ?? 0);
  }
}

/** Whole seconds until a time, none when it is over. */
export function secondsLeft(until: number | null, now: number): number {
  return until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1000));
}
