// Server-sent events over fetch, because EventSource cannot send an Authorization header.

import { Backoff } from './backoff.js';
import { Problem, problemOf, unreachable } from './problem.js';

/** One event or one buffered line longer than this is no event of ours: 64 people at 200 bytes, five times over. */
const EVENT_CHARS_MAX = 64 * 1024;

/** Cuts text that arrives in pieces into events and gives their `data` (HTML Standard §9.2.6). */
export class EventParser {
  #rest = '';
  #data: string[] = [];
  #size = 0;

  push(text: string): string[] {
    const events: string[] = [];
    this.#rest += text;
    let end: number;
    while ((end = this.#rest.indexOf('\n')) >= 0) {
      const line = this.#rest.slice(0, end).replace(/\r$/, '');
      this.#rest = this.#rest.slice(end + 1);
      if (line === '') {
        if (this.#data.length > 0) events.push(this.#data.join('\n'));
        this.#data = [];
        this.#size = 0;
      } else if (line.startsWith('data:')) {
        const value = line.slice(line.startsWith('data: ') ? 6 : 5);
        this.#size += value.length;
        if (this.#size <= EVENT_CHARS_MAX) this.#data.push(value);
      }
    }
    if (this.#rest.length > EVENT_CHARS_MAX) this.#rest = '';
    return events;
  }
}

/** The server comments at least every 15 s; a stream silent for longer than two of them is dead. */
const SILENCE_MS_MAX = 35_000;

export interface EventHandlers {
  data(data: string): void;
  /** The server refused for good; nothing is tried any more. */
  refused(problem: Problem): void;
}

/** Keeps one stream of events open until `close`; one that breaks is asked for again by itself. */
export class Events {
  #abort = new AbortController();
  #closed = false;
  #backoff = new Backoff(0.3, 8);
  #timer = 0;
  #watchdog = 0;

  constructor(
    readonly url: string,
    readonly token: string,
    readonly handlers: EventHandlers,
  ) {
    void this.#run();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#watchdog);
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const problem = await this.#once().catch(() => unreachable());
    clearTimeout(this.#watchdog);
    if (this.#closed) return;
    if (isFinal(problem)) return this.handlers.refused(problem);
    this.#timer = setTimeout(() => void this.#run(), this.#backoff.next(problem.retry_after_s) * 1000);
  }

  /** Reads one stream to its end and says why it ended. */
  async #once(): Promise<Problem> {
    this.#abort = new AbortController();
    this.#watch();
    const headers = { Authorization: `Bearer ${this.token}`, Accept: 'text/event-stream' };
    const response = await fetch(this.url, { headers, signal: this.#abort.signal, cache: 'no-store' });
    if (!response.ok || !response.body) return problemOf(response);
    const parser = new EventParser();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#closed) return unreachable();
      this.#watch();
      for (const data of parser.push(decoder.decode(value, { stream: true }))) {
        this.#backoff.reset();
        this.handlers.data(data);
      }
    }
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#abort.abort(), SILENCE_MS_MAX);
  }
}

/** Refusals that no waiting mends: a key that is not good, a show that is not there, a show that is over. */
export function isFinal(problem: Problem): boolean {
  return [401, 403, 404, 410].includes(problem.status);
}
