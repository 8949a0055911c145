const MOVED_S = 0.05;
const SPEED_MAX = 4;
export class Movement {
    #was_s;
    #was_ms;
    #moved_s = 0;
    constructor(clock_s, now_ms) {
        this.#was_s = clock_s;
        this.#was_ms = now_ms;
    }
    read(clock_s, now_ms) {
        const step_s = clock_s - this.#was_s;
        const step_s_max = (SPEED_MAX * (now_ms - this.#was_ms)) / 1000 + MOVED_S;
        if (step_s > 0 && step_s <= step_s_max)
            this.#moved_s += step_s;
        [this.#was_s, this.#was_ms] = [clock_s, now_ms];
        return this.#moved_s > MOVED_S;
    }
}
