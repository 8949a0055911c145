const SERVER_WAIT_SPREAD = 0.2;
export class Backoff {
    min_s;
    max_s;
    random;
    #tries = 0;
    constructor(min_s, max_s, random = Math.random) {
        this.min_s = min_s;
        this.max_s = max_s;
        this.random = random;
    }
    next(retry_after_s = null) {
        const base = Math.min(this.max_s, this.min_s * 2 ** this.#tries);
        if (base < this.max_s)
            this.#tries += 1;
        if (retry_after_s !== null && retry_after_s >= 0) {
            return retry_after_s * (1 + SERVER_WAIT_SPREAD * this.random());
        }
        return base * (0.5 + 0.5 * this.random());
    }
    reset() {
        this.#tries = 0;
    }
}
