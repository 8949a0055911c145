const DATE_STEP_MS = 1_000;
export function aheadAfter(known_ms, date, asked_at, answered_at) {
    const least = date - answered_at;
    const most = date + DATE_STEP_MS - asked_at;
    return known_ms === null ? (least + most) / 2 : Math.min(most, Math.max(least, known_ms));
}
export class ServerClock {
    #ahead_ms = null;
    hear(date, asked_at, answered_at) {
        const told = Date.parse(date ?? '');
        if (Number.isFinite(told))
            this.#ahead_ms = aheadAfter(this.#ahead_ms, told, asked_at, answered_at);
    }
    time(at) {
        return at + (this.#ahead_ms ?? 0);
    }
}
export function secondsLeft(until, now) {
    return until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1000));
}
