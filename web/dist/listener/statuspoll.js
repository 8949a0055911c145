import { Backoff } from '../shared/backoff.js';
import { Marks } from '../shared/marks.js';
import { ask, Problem } from '../shared/problem.js';
const POLL_S_MIN = 1;
const POLL_S_MAX = 60;
const MARKS_MS_MAX = 60_000;
export class StatusPoll {
    show;
    changed;
    status = null;
    silence = null;
    marks = new Marks();
    #backoff = new Backoff(1, 15);
    #timer = 0;
    #server_ahead_ms = 0;
    #all = false;
    constructor(show, changed) {
        this.show = show;
        this.changed = changed;
        document.addEventListener('visibilitychange', () => {
            if (document.visibilityState === 'visible')
                void this.soon();
        });
        window.addEventListener('online', () => void this.soon());
    }
    now() {
        return Date.now() + this.#server_ahead_ms;
    }
    soon() {
        clearTimeout(this.#timer);
        return this.#ask();
    }
    async #ask() {
        const asked_at = Date.now();
        const answer = await this.#answer();
        const wait_s = answer instanceof Problem ? this.#backoff.next(answer.retry_after_s) : pauseAfter(answer);
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => void this.#ask(), wait_s * 1000);
        if (answer instanceof Problem) {
            this.silence = { since: this.silence?.since ?? asked_at, retry_at: Date.now() + wait_s * 1000, problem: answer };
            this.#all = false;
        }
        else
            this.#take(answer);
        this.changed();
    }
    async #answer() {
        try {
            return await ask(`/${this.show}/status`);
        }
        catch (error) {
            if (error instanceof Problem)
                return error;
            throw error;
        }
    }
    #take(status) {
        this.status = status;
        this.silence = null;
        this.#backoff.reset();
        this.#server_ahead_ms = status.now - Date.now();
        this.marks.add(status.marks);
        if (!this.#all)
            void this.#askAllMarks();
    }
    async #askAllMarks() {
        this.#all = true;
        try {
            this.marks.add((await ask(`/${this.show}/marks`, { patience_ms: MARKS_MS_MAX })).marks);
            this.changed();
        }
        catch {
            this.#all = false;
        }
    }
}
function pauseAfter(status) {
    const wanted_s = status?.poll_after_s ?? POLL_S_MAX;
    return Math.min(POLL_S_MAX, Math.max(POLL_S_MIN, wanted_s)) * (0.9 + 0.2 * Math.random());
}
