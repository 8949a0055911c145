const SECOND_AFTER_MS = 300;
const ARMED_MS = 3_000;
export class Armed {
    #armed_ms = -Infinity;
    press(now_ms) {
        if (!this.isArmed(now_ms)) {
            this.#armed_ms = now_ms;
            return false;
        }
        if (now_ms - this.#armed_ms < SECOND_AFTER_MS)
            return false;
        this.#armed_ms = -Infinity;
        return true;
    }
    isArmed(now_ms) {
        return now_ms - this.#armed_ms < ARMED_MS;
    }
}
