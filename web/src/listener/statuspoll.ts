// The status document, asked for as often as it says, and what is known while nobody answers.

import { Backoff } from '../shared/backoff.js';
import type { MarksDocument, StatusDocument } from '../shared/documents.js';
import { Marks } from '../shared/marks.js';
import { ask, Problem } from '../shared/problem.js';

/** A show near its border is asked for each second, as the document changes that often. */
const POLL_S_MIN = 1;
const POLL_S_MAX = 60;
/** A document of some kilobytes that is not here by then is not on its way: on a bad line it takes two seconds. */
const ANSWER_MS_MAX = 8_000;
/** The marks of a long show are some hundred kilobytes, beside the sound on a slow line. */
const MARKS_MS_MAX = 60_000;

export interface Silence {
  /** Unix time of the first question that was not answered. */
  since: number;
  retry_at: number;
  problem: Problem;
}

export class StatusPoll {
  status: StatusDocument | null = null;
  silence: Silence | null = null;
  readonly marks = new Marks();
  #backoff = new Backoff(1, 15);
  #timer = 0;
  #server_ahead_ms = 0;
  #all = false;

  constructor(
    readonly show: string,
    readonly changed: () => void,
  ) {
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.soon();
    });
    window.addEventListener('online', () => this.soon());
  }

  /** The server's Unix time, as far as the last answer tells. */
  now(): number {
    return Date.now() + this.#server_ahead_ms;
  }

  /** Asks now instead of later. */
  soon(): void {
    clearTimeout(this.#timer);
    void this.#ask();
  }

  async #ask(): Promise<void> {
    const asked_at = Date.now();
    let wait_s: number;
    try {
      const status = await ask<StatusDocument>(`/${this.show}/status`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      this.status = status;
      this.silence = null;
      this.#backoff.reset();
      this.#server_ahead_ms = status.now - Date.now();
      this.marks.add(status.marks);
      wait_s = Math.min(POLL_S_MAX, Math.max(POLL_S_MIN, status.poll_after_s)) * (0.9 + 0.2 * Math.random());
      if (!this.#all) void this.#askAllMarks();
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0, 'unreachable', '', '', null, null);
      wait_s = this.#backoff.next(problem.retry_after_s);
      const now = Date.now();
      this.silence = { since: this.silence?.since ?? asked_at, retry_at: now + wait_s * 1000, problem };
      // After an outage the last minute of marks may not be enough.
      this.#all = false;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), wait_s * 1000);
    this.changed();
  }

  async #askAllMarks(): Promise<void> {
    this.#all = true;
    try {
      this.marks.add((await ask<MarksDocument>(`/${this.show}/marks`, { patience_ms: MARKS_MS_MAX })).marks);
      this.changed();
    } catch {
      this.#all = false;
    }
  }
}
