const REPEAT_MS = 3_000;
export class MuteWish {
    by_other = false;
    #muted;
    #wish;
    #asked_ms = -Infinity;
    #heard = false;
    constructor(muted) {
        this.#muted = muted;
        this.#wish = muted ? true : null;
    }
    get muted() {
        return this.#muted;
    }
    want(muted) {
        this.#muted = muted;
        this.#wish = muted;
        this.#asked_ms = -Infinity;
        this.by_other = false;
    }
    hear(said, now_ms) {
        if (said === this.#wish)
            this.#wish = null;
        else if (this.#wish === null && said !== this.#muted)
            this.#differ(said);
        this.#heard = true;
        if (this.#wish === null || now_ms - this.#asked_ms < REPEAT_MS)
            return null;
        this.#asked_ms = now_ms;
        return this.#wish;
    }
    refused() {
        if (this.#wish !== false)
            return;
        this.#wish = null;
        this.#muted = true;
    }
    #differ(said) {
        if (said) {
            this.by_other = this.#heard;
            this.#muted = true;
        }
        else {
            this.#wish = true;
        }
    }
}
