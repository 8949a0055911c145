import { Backoff } from './backoff.js';
import { Problem, problemOf, unreachable } from './problem.js';
const EVENT_CHARS_MAX = 64 * 1024;
export class EventParser {
    #rest = '';
    #data = [];
    #size = 0;
    push(text) {
        const events = [];
        this.#rest += text;
        let end;
        while ((end = this.#rest.indexOf('\n')) >= 0) {
            const line = this.#rest.slice(0, end).replace(/\r$/, '');
            this.#rest = this.#rest.slice(end + 1);
            if (line === '') {
                if (this.#data.length > 0)
                    events.push(this.#data.join('\n'));
                this.#data = [];
                this.#size = 0;
            }
            else if (line.startsWith('data:')) {
                const value = line.slice(line.startsWith('data: ') ? 6 : 5);
                this.#size += value.length;
                if (this.#size <= EVENT_CHARS_MAX)
                    this.#data.push(value);
            }
        }
        if (this.#rest.length > EVENT_CHARS_MAX)
            this.#rest = '';
        return events;
    }
}
const SILENCE_MS_MAX = 35_000;
export class Events {
    url;
    token;
    handlers;
    #abort = new AbortController();
    #closed = false;
    #backoff = new Backoff(0.3, 8);
    #timer = 0;
    #watchdog = 0;
    constructor(url, token, handlers) {
        this.url = url;
        this.token = token;
        this.handlers = handlers;
        void this.#run();
    }
    close() {
        this.#closed = true;
        clearTimeout(this.#timer);
        clearTimeout(this.#watchdog);
        this.#abort.abort();
    }
    async #run() {
        const problem = await this.#once().catch(() => unreachable());
        clearTimeout(this.#watchdog);
        if (this.#closed)
            return;
        if (isFinal(problem))
            return this.handlers.refused(problem);
        this.#timer = setTimeout(() => void this.#run(), this.#backoff.next(problem.retry_after_s) * 1000);
    }
    async #once() {
        this.#abort = new AbortController();
        this.#watch();
        const headers = { Authorization: `Bearer ${this.token}`, Accept: 'text/event-stream' };
        const response = await fetch(this.url, { headers, signal: this.#abort.signal, cache: 'no-store' });
        if (!response.ok || !response.body)
            return problemOf(response);
        const parser = new EventParser();
        const decoder = new TextDecoder();
        const reader = response.body.getReader();
        for (;;) {
            const { done, value } = await reader.read();
            if (done || this.#closed)
                return unreachable();
            this.#watch();
            for (const data of parser.push(decoder.decode(value, { stream: true }))) {
                this.#backoff.reset();
                this.handlers.data(data);
            }
        }
    }
    #watch() {
        clearTimeout(this.#watchdog);
        this.#watchdog = setTimeout(() => this.#abort.abort(), SILENCE_MS_MAX);
    }
}
export function isFinal(problem) {
    return [401, 403, 404, 410].includes(problem.status);
}
