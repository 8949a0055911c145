// The recording, played by the same element that played the show. What breaks keeps the place that was heard: a line that
// is gone is tried again, and only a format that this browser cannot play is changed for the other.

import { Backoff } from '../shared/backoff.js';
import type { StatusDocument } from '../shared/documents.js';
import { patience } from '../shared/older.js';
import { type Problem, problemOf, unreachable } from '../shared/problem.js';
import { NO_REPLAY, type ReplayState } from './replaystate.js';

/** A head of some hundred bytes. */
const ANSWER_MS_MAX = 8_000;

export class Replay {
  readonly #state: ReplayState;
  /** The better format of this browser first. */
  readonly #sources: string[];
  #source = 0;
  #place_s: number;
  /** The element was given a source and is not at its place yet. */
  #placing = false;
  #loads = 0;
  #retry = 0;
  readonly #backoff = new Backoff(1, 15);

  /** Makes the recording the element's sound, at `place_s` seconds of the show. */
  constructor(
    readonly audio: HTMLAudioElement,
    recording: StatusDocument['recording'],
    place_s: number,
    readonly changed: () => void,
  ) {
    const m4a = audio.canPlayType('audio/mp4; codecs="mp4a.40.2"') !== '';
    const sources = m4a ? [recording.m4a, recording.opus] : [recording.opus, recording.m4a];
    this.#sources = sources.filter((source) => source !== null);
    this.#place_s = place_s;
    this.#state = { ...NO_REPLAY, loaded: true, position_s: place_s, duration_s: recording.duration_s ?? 0 };
    for (const event of ['timeupdate', 'ended', 'durationchange', 'seeked', 'ratechange']) {
      audio.addEventListener(event, () => this.#measure());
    }
    for (const event of ['play', 'pause']) audio.addEventListener(event, () => this.#onPress(event === 'play'));
    audio.addEventListener('playing', () => this.#backoff.reset());
    audio.addEventListener('error', () => void this.#onError());
    audio.addEventListener('loadedmetadata', () => this.#onReady());
    window.addEventListener('online', () => this.#state.silence && this.#load());
    audio.preload = 'metadata';
    this.#load();
  }

  get state(): Readonly<ReplayState> {
    return this.#state;
  }

  toggle(): void {
    const { playing, silence, failed } = this.#state;
    this.#state.playing = !playing;
    if (failed) this.#source = 0;
    this.#state.failed = false;
    if (playing) this.audio.pause();
    else if (silence || failed) this.#load();
    else this.#play();
    this.#measure();
  }

  seekTo(show_s: number): void {
    this.#place_s = Math.min(Math.max(0, show_s), this.#state.duration_s);
    if (this.#atPlace) this.audio.currentTime = this.#place_s;
    this.#measure();
  }

  setSpeed(speed: number): void {
    this.audio.defaultPlaybackRate = speed;
    this.audio.playbackRate = speed;
    this.#measure();
  }

  /** The server answers again: no need to wait, unless it named the time itself. */
  answered(): void {
    const { silence } = this.#state;
    if (silence?.problem.unreachable && silence.retry_at > Date.now()) this.#load();
  }

  /** Gives the element the source, at the place that was heard last. */
  #load(): void {
    const source = this.#sources[this.#source];
    clearTimeout(this.#retry);
    this.#loads += 1;
    if (source === undefined) {
      Object.assign(this.#state, { playing: false, silence: null, failed: true });
    } else {
      this.#placing = true;
      this.audio.src = source;
      if (this.#state.playing) this.#play();
    }
    this.changed();
  }

  #play(): void {
    this.audio.play().catch((error: unknown) => {
      // What else goes wrong is an error of the element, or a newer load.
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.#state.playing = false;
      this.#measure();
    });
  }

  #onReady(): void {
    if (this.#place_s > 0) this.audio.currentTime = this.#place_s;
    this.#placing = false;
    this.#state.silence = null;
    this.#measure();
  }

  /** Events come late: only what is still true of the element counts. One that broke pauses itself, and nobody wanted that. */
  #onPress(play: boolean): void {
    if (play !== this.audio.paused && this.audio.error === null) this.#state.playing = play;
    this.#measure();
  }

  async #onError(): Promise<void> {
    const source = this.#sources[this.#source];
    if (source === undefined) return;
    const load = this.#loads;
    const lost = this.audio.error?.code === MediaError.MEDIA_ERR_NETWORK;
    const problem = lost ? unreachable() : await refusalOf(source);
    if (load !== this.#loads) return;
    if (problem) return this.#wait(problem);
    // The line may have come back between this failure and the answer: the format is to blame for what fails while there is an answer.
    if (this.#state.silence) this.#state.silence = null;
    else this.#source += 1;
    this.#load();
  }

  #wait(problem: Problem): void {
    const now = Date.now();
    const wait_ms = this.#backoff.next(problem.retry_after_s) * 1000;
    this.#state.silence = { since: this.#state.silence?.since ?? now, retry_at: now + wait_ms, problem };
    this.#retry = setTimeout(() => this.#load(), wait_ms);
    this.changed();
  }

  /** The element's clock tells the place. */
  get #atPlace(): boolean {
    return !this.#placing && this.audio.error === null && this.audio.readyState > 0;
  }

  #measure(): void {
    const { currentTime, duration, playbackRate } = this.audio;
    if (this.#atPlace) this.#place_s = currentTime;
    this.#state.position_s = this.#place_s;
    if (Number.isFinite(duration)) this.#state.duration_s = duration;
    this.#state.speed = playbackRate;
    this.changed();
  }
}

/** Why the server does not give a file now; `null` when it does, so that the browser cannot play it, or never will. */
async function refusalOf(source: string): Promise<Problem | null> {
  try {
    const response = await fetch(source, { method: 'HEAD', cache: 'no-store', signal: patience(ANSWER_MS_MAX) });
    return response.status < 500 && response.status !== 429 ? null : await problemOf(response);
  } catch {
    return unreachable();
  }
}
