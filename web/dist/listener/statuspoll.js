import { Backoff } from '../shared/backoff.js';
import { Marks } from '../shared/marks.js';
import { ask, Problem } from '../shared/problem.js';
const POLL_S_MIN = 1;
const POLL_S_MAX = 60;
const ANSWER_MS_MAX = 8_000;
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
                this.soon();
        });
        window.addEventListener('online', () => this.soon());
    }
    now() {
        return Date.now() + this.#server_ahead_ms;
    }
    soon() {
        clearTimeout(this.#timer);
        void this.#ask();
    }
    async #ask() {
        const asked_at = Date.now();
        let wait_s;
        try {
            const status = await ask(`/${this.show}/status`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
            this.status = status;
            this.silence = null;
            this.#backoff.reset();
            this.#server_ahead_ms = status.now - Date.now();
            this.marks.add(status.marks);
            wait_s = Math.min(POLL_S_MAX, Math.max(POLL_S_MIN, status.poll_after_s)) * (0.9 + 0.2 * Math.random());
            if (!this.#all)
                void this.#askAllMarks();
        }
        catch (error) {
            const problem = error instanceof Problem ? error : new Problem(0, 'unreachable', '', '', null, null);
            wait_s = this.#backoff.next(problem.retry_after_s);
            const now = Date.now();
            this.silence = { since: this.silence?.since ?? asked_at, retry_at: now + wait_s * 1000, problem };
            this.#all = false;
        }
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => void this.#ask(), wait_s * 1000);
        this.changed();
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
