// The recording, played by the same element that played the show.

import type { StatusDocument } from '../shared/documents.js';

export interface ReplayState {
  loaded: boolean;
  playing: boolean;
  /** Seconds of the show. */
  position_s: number;
  duration_s: number;
  speed: number;
  failed: boolean;
}

export const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2] as const;

export class Replay {
  #state: ReplayState = { loaded: false, playing: false, position_s: 0, duration_s: 0, speed: 1, failed: false };
  #sources: string[] = [];
  #place_s = 0;

  constructor(
    readonly audio: HTMLAudioElement,
    readonly changed: () => void,
  ) {
    for (const event of ['timeupdate', 'play', 'pause', 'ended', 'durationchange', 'seeked', 'ratechange']) {
      audio.addEventListener(event, () => this.#measure());
    }
    audio.addEventListener('error', () => this.#nextSource());
    audio.addEventListener('loadedmetadata', () => {
      if (this.#state.loaded && this.#place_s > 0) audio.currentTime = this.#place_s;
    });
  }

  get state(): Readonly<ReplayState> {
    return this.#state;
  }

  /** Makes the recording the element's sound, at `place_s` seconds of the show. */
  load(recording: StatusDocument['recording'], place_s: number): void {
    const m4a = this.audio.canPlayType('audio/mp4; codecs="mp4a.40.2"') !== '';
    const sources = m4a ? [recording.m4a, recording.opus] : [recording.opus, recording.m4a];
    this.#sources = sources.filter((source) => source !== null);
    this.#place_s = place_s;
    this.#state = { ...this.#state, loaded: true, position_s: place_s, duration_s: recording.duration_s ?? 0 };
    this.audio.preload = 'metadata';
    this.#nextSource();
  }

  toggle(): void {
    if (!this.audio.paused) this.audio.pause();
    else void this.audio.play().catch(() => this.#measure());
  }

  seekTo(show_s: number): void {
    const place_s = Math.min(Math.max(0, show_s), this.#state.duration_s);
    this.#place_s = place_s;
    this.audio.currentTime = place_s;
    this.#measure();
  }

  setSpeed(speed: number): void {
    this.audio.defaultPlaybackRate = speed;
    this.audio.playbackRate = speed;
    this.#measure();
  }

  #nextSource(): void {
    if (!this.#state.loaded) return;
    const source = this.#sources.shift();
    if (source === undefined) this.#state.failed = true;
    else this.audio.src = source;
    this.changed();
  }

  #measure(): void {
    if (!this.#state.loaded) return;
    const { currentTime, paused, duration, playbackRate } = this.audio;
    const ready = this.audio.readyState > 0;
    this.#state = {
      ...this.#state,
      playing: !paused,
      position_s: ready ? currentTime : this.#place_s,
      duration_s: Number.isFinite(duration) ? duration : this.#state.duration_s,
      speed: playbackRate,
    };
    this.changed();
  }
}
