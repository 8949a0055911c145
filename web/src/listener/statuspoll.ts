// The status document, asked for as often as it says, and what is known while nobody answers.

import { Backoff } from '../shared/backoff.js';
import type { MarksDocument, StatusDocument } from '../shared/documents.js';
import { Marks } from '../shared/marks.js';
import { ask, Problem } from '../shared/problem.js';

/** A show near its border is asked for each second, as the document changes that often. */
const POLL_S_MIN = 1;
const POLL_S_MAX = 60;
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
      if (document.visibilityState === 'visible') void this.soon();
    });
    window.addEventListener('online', () => void this.soon());
  }

  /** The server's Unix time, as far as the last answer tells. */
  now(): number {
    return Date.now() + this.#server_ahead_ms;
  }

  /** Asks now instead of later; fulfilled once what was answered is told. */
  soon(): Promise<void> {
    clearTimeout(this.#timer);
    return this.#ask();
  }

  async #ask(): Promise<void> {
    const asked_at = Date.now();
    const answer = await this.#answer();
    const wait_s = answer instanceof Problem ? this.#backoff.next(answer.retry_after_s) : pauseAfter(answer);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), wait_s * 1000);
    if (answer instanceof Problem) {
      this.silence = { since: this.silence?.since ?? asked_at, retry_at: Date.now() + wait_s * 1000, problem: answer };
      // After an outage the last minute of marks may not be enough.
      this.#all = false;
    } else this.#take(answer);
    this.changed();
  }

  /** Only a request that failed is the server's silence: a fault of this page is told to whoever looks for it. */
  async #answer(): Promise<StatusDocument | Problem> {
    try {
      return await ask<StatusDocument>(`/${this.show}/status`);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  #take(status: StatusDocument): void {
    this.status = status;
    this.silence = null;
    this.#backoff.reset();
    this.#server_ahead_ms = status.now - Date.now();
    this.marks.add(status.marks);
    if (!this.#all) void this.#askAllMarks();
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

/** Spread, so that a crowd does not ask in one instant. An answer that is no status is no reason to ask faster. */
function pauseAfter(status: Partial<StatusDocument> | null): number {
  const wanted_s = status?.poll_after_s ?? POLL_S_MAX;
  return Math.min(POLL_S_MAX, Math.max(POLL_S_MIN, wanted_s)) * (0.9 + 0.2 * Math.random());
}
