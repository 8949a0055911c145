const GAIN = 0.15;
const RATE_MIN = 0.95;
const RATE_MAX = 1.06;
export const SEEK_ERROR_S = 2;
const CUSHION_S = 2.54;
const INTERVAL_DEFAULT_S = 0.96;
export const TARGET_DEFAULT_S = INTERVAL_DEFAULT_S + CUSHION_S;
export const TARGET_CLOSE_S = 0.5;
const TARGET_CLOSE_S_MAX = 1.5;
const TARGET_STEP_S = 0.15;
const QUIET_S = 60;
export class Edge {
    #seen = [];
    observe(now_s, end_s) {
        const offset_s = end_s - now_s;
        const last = this.#seen[this.#seen.length - 1];
        if (last && last.now_s === now_s && last.offset_s === offset_s)
            return;
        this.#seen = this.#seen.filter((s) => now_s - s.now_s < 30);
        this.#seen.push({ now_s, offset_s });
        if (this.#seen.length > 128)
            this.#seen.shift();
    }
    at(now_s) {
        if (this.#seen.length === 0)
            return null;
        return now_s + Math.max(...this.#seen.map((s) => s.offset_s));
    }
}
export class Target {
    close;
    #close_s = TARGET_CLOSE_S;
    #changed_s = 0;
    #interval_s = INTERVAL_DEFAULT_S;
    constructor(close) {
        this.close = close;
    }
    get interval_s() {
        return this.#interval_s;
    }
    comes(interval_s) {
        this.#interval_s = Math.max(interval_s ?? 0, INTERVAL_DEFAULT_S);
    }
    value_s(now_s) {
        if (!this.close || this.#interval_s > INTERVAL_DEFAULT_S)
            return this.#interval_s + CUSHION_S;
        if (now_s - this.#changed_s > QUIET_S) {
            this.#close_s = Math.max(TARGET_CLOSE_S, this.#close_s - TARGET_STEP_S / 3);
            this.#changed_s = now_s;
        }
        return this.#close_s;
    }
    stalled(now_s) {
        if (this.close)
            this.#close_s = Math.min(TARGET_CLOSE_S_MAX, this.#close_s + TARGET_STEP_S);
        this.#changed_s = now_s;
    }
}
export class RateControl {
    #correcting = false;
    rate(error_s, dead_band_s) {
        const size = Math.abs(error_s);
        if (size > dead_band_s)
            this.#correcting = true;
        else if (size < dead_band_s / 4)
            this.#correcting = false;
        if (!this.#correcting)
            return 1;
        return Math.min(RATE_MAX, Math.max(RATE_MIN, 1 + GAIN * error_s));
    }
    reset() {
        this.#correcting = false;
    }
}
