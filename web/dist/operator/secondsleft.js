export function secondsLeft(until, now) {
    return until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1000));
}
