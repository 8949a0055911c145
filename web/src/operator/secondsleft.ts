// What is left of the time to take an end back.

/** Whole seconds until a time, none when it is over. */
export function secondsLeft(until: number | null, now: number): number {
  return until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1000));
}
