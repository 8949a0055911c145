// One connection to a progressive stream. It says when it began, what came, and why it is over.

import { Problem, problemOf, unreachable } from '../shared/problem.js';

/** Flushes come every 0.96 s at least: a connection that is silent for longer is dead. */
const SILENCE_MS_MAX = 5_000;
/** From a stretched flush to the next, which may come half of it late. */
const INTERVALS_SILENT = 1.5;
/** Above which it counts; a server that says nothing is not stretched. */
const INTERVAL_USUAL_S = 0.96;

export interface FeedStart {
  /** Media clock of the first sample. */
  start_s: number | null;
  /** How much sound comes at once. */
  interval_s: number | null;
  on_air_at_s: number | null;
}

export interface FeedHandlers {
  began(start: FeedStart): void;
  bytes(bytes: Uint8Array<ArrayBuffer>): void;
  /** `null`: the connection broke off or the server closed it; otherwise it was refused. */
  over(problem: Problem | null): void;
}

export class Feed {
  #abort = new AbortController();
  #watchdog = 0;
  #silence_ms_max = SILENCE_MS_MAX;
  #closed = false;

  constructor(url: string, handlers: FeedHandlers) {
    void this.#run(url, handlers);
  }

  /** Ends the connection; nothing is told any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#watchdog);
    this.#abort.abort();
  }

  async #run(url: string, handlers: FeedHandlers): Promise<void> {
    let problem: Problem | null = null;
    try {
      this.#watch();
      const response = await fetch(url, { signal: this.#abort.signal, cache: 'no-store' });
      if (!response.ok || !response.body) problem = await problemOf(response);
      else await this.#read(response, response.body.getReader(), handlers);
    } catch {
      // Before an answer it is silence; after one, a break. The player treats both the same way.
      if (!this.#began) problem = unreachable();
    }
    clearTimeout(this.#watchdog);
    if (!this.#closed) {
      this.#closed = true;
      this.#abort.abort();
      handlers.over(problem);
    }
  }

  #began = false;

  async #read(
    response: Response,
    reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
    handlers: FeedHandlers,
  ): Promise<void> {
    if (this.#closed) return;
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
      if (done || this.#closed) return;
      this.#watch();
      handlers.bytes(value);
    }
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    if (!this.#closed) this.#watchdog = setTimeout(() => this.#abort.abort(), this.#silence_ms_max);
  }
}

function numberOf(header: string | null): number | null {
  const value = Number(header ?? NaN);
  return Number.isFinite(value) ? value : null;
}
