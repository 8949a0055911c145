import { Problem, problemOf, unreachable } from '../shared/problem.js';
const SILENCE_MS_MAX = 5_000;
const INTERVALS_SILENT = 1.5;
const INTERVAL_USUAL_S = 0.96;
export class Feed {
    #abort = new AbortController();
    #watchdog = 0;
    #silence_ms_max = SILENCE_MS_MAX;
    #closed = false;
    constructor(url, handlers) {
        void this.#run(url, handlers);
    }
    close() {
        this.#closed = true;
        clearTimeout(this.#watchdog);
        this.#abort.abort();
    }
    async #run(url, handlers) {
        let problem = null;
        try {
            this.#watch();
            const response = await fetch(url, { signal: this.#abort.signal, cache: 'no-store' });
            if (!response.ok || !response.body)
                problem = await problemOf(response);
            else
                await this.#read(response, response.body.getReader(), handlers);
        }
        catch {
            if (!this.#began)
                problem = unreachable();
        }
        clearTimeout(this.#watchdog);
        if (!this.#closed) {
            this.#closed = true;
            this.#abort.abort();
            handlers.over(problem);
        }
    }
    #began = false;
    async #read(response, reader, handlers) {
        if (this.#closed)
            return;
        this.#began = true;
        const interval_s = numberOf(response.headers.get('Stentor-Interval-S'));
        const longer_s = Math.max(0, (interval_s ?? 0) - INTERVAL_USUAL_S);
        this.#silence_ms_max = SILENCE_MS_MAX + INTERVALS_SILENT * 1000 * longer_s;
        handlers.began({
            start_s: numberOf(response.headers.get('Stentor-Start-S')),
            interval_s,
            on_air_at_s: numberOf(response.headers.get('Stentor-On-Air-S')),
        });
        for (;;) {
            const { done, value } = await reader.read();
            if (done || this.#closed)
                return;
            this.#watch();
            handlers.bytes(value);
        }
    }
    #watch() {
        clearTimeout(this.#watchdog);
        if (!this.#closed)
            this.#watchdog = setTimeout(() => this.#abort.abort(), this.#silence_ms_max);
    }
}
function numberOf(header) {
    const value = Number(header ?? NaN);
    return Number.isFinite(value) ? value : null;
}
