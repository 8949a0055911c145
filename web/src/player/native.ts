// The player of browsers without MediaSource: the element fetches HLS (iPhones; it survives the lock
// screen) or, where HLS is unknown, a progressive stream. The browser keeps the buffer; this keeps the place.

import { Backoff } from '../shared/backoff.js';
import { Edge } from './rate.js';
import { initialState, KBPS_DEFAULT, MENDS_MAX, STEADY_MS, type LivePlayer, type PlayerState } from './state.js';

const TICK_MS = 250;
/** Three segments of 3.84 s: what a player of HLS holds back by itself. */
const HOLD_BACK_S = 11.5;
/** A progressive stream begins with about this much older sound. */
const BURST_S = 5;

/** AAC has no rendition below this. */
const AAC_KBPS_MIN = 32;

type DatedAudio = HTMLAudioElement & { getStartDate?: () => Date };

export interface NativeUrls {
  hls: string;
  aac: string | null;
  ogg: string;
}

export class NativePlayer implements LivePlayer {
  readonly #state: PlayerState;
  #edge = new Edge();
  #backoff = new Backoff(0.5, 10);
  #ticker = 0;
  #retry = 0;
  #listening = false;
  #pressed_ms = 0;
  #on_air_at_s: number | null = null;
  #anchor: number | null = null;
  /** Progressive streams carry no clock that a page can read: media clock at `currentTime` 0, as asked for. */
  #base_s: number | null = null;
  #kbps = KBPS_DEFAULT;
  /** Times in a row that the sound could not be decoded, and when that was last. */
  #undecoded = 0;
  #undecoded_ms = 0;

  constructor(
    readonly audio: DatedAudio,
    readonly urls: NativeUrls,
    readonly hls: boolean,
    readonly changed: () => void,
  ) {
    this.#state = initialState(hls ? 'hls' : 'progressive', false);
    audio.addEventListener('playing', () => this.#onPlaying());
    audio.addEventListener('waiting', () => this.#onWaiting());
    audio.addEventListener('pause', () => this.#onPause());
    audio.addEventListener('play', () => this.#onPlay());
    audio.addEventListener('error', () => this.#onBroken());
    audio.addEventListener('ended', () => this.#onBroken());
  }

  get state(): Readonly<PlayerState> {
    return this.#state;
  }

  listen(): void {
    Object.assign(this.#state, initialState(this.#state.mode, false), { phase: 'connecting' });
    this.#listening = true;
    this.#pressed_ms = performance.now();
    this.#undecoded = 0;
    clearInterval(this.#ticker);
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#load(null);
  }

  stop(): void {
    this.#listening = false;
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    this.audio.pause();
    this.audio.removeAttribute('src');
    this.audio.load();
    Object.assign(this.#state, { phase: 'stopped', following: 'live', retry_at: null });
    this.changed();
  }

  resume(): void {
    const { phase, following, position_s } = this.#state;
    if (phase !== 'paused') return;
    this.#state.phase = 'connecting';
    // HLS keeps its place by itself; a progressive stream that nobody took has been closed by now.
    if (following === 'live' || !this.hls) this.#load(following === 'live' ? null : position_s);
    else this.#play();
    this.changed();
  }

  seekTo(media_s: number): void {
    const paused = this.#state.phase === 'paused';
    this.#state.following = 'behind';
    const now_s = this.#position();
    if (!this.hls && !paused) this.#load(media_s);
    else if (this.hls && now_s !== null) this.audio.currentTime += media_s - now_s;
    if (paused) this.#state.position_s = media_s;
    this.changed();
  }

  toLive(): void {
    this.#state.following = 'live';
    if (this.#state.phase === 'paused') return this.resume();
    const seekable = this.audio.seekable;
    if (!this.hls || seekable.length === 0) this.#load(null);
    else this.audio.currentTime = Math.max(0, seekable.end(seekable.length - 1) - HOLD_BACK_S);
    this.changed();
  }

  setClose(): void {
    // The browser decides how far behind live it plays.
  }

  setQuality(kbps: number): void {
    if (kbps === this.#kbps) return;
    this.#kbps = kbps;
    // With HLS the browser chooses by its line.
    if (this.#listening && !this.hls && this.#state.phase !== 'paused') this.#load(this.#state.following === 'behind' ? this.#state.position_s : null);
  }

  hint(on_air_at_s: number | null, live_at_s: number | null, anchor: number | null = null): void {
    this.#on_air_at_s = on_air_at_s;
    this.#anchor = anchor ?? this.#anchor;
    if (live_at_s !== null) this.#edge.observe(performance.now() / 1000, live_at_s);
  }

  #load(media_s: number | null): void {
    clearTimeout(this.#retry);
    this.#state.retry_at = null;
    const edge_s = this.#edge.at(performance.now() / 1000);
    this.#base_s = media_s ?? (edge_s === null ? null : edge_s - BURST_S);
    this.audio.src = this.hls ? this.urls.hls : this.#progressive(media_s);
    this.#play();
    this.changed();
  }

  #play(): void {
    this.audio.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError' && this.#listening) {
        this.#state.phase = 'blocked';
        this.changed();
      }
    });
  }

  #progressive(media_s: number | null): string {
    const { aac, ogg } = this.urls;
    const opus = aac === null || this.audio.canPlayType('audio/ogg; codecs="opus"') !== '';
    const query = new URLSearchParams();
    const kbps = opus ? this.#kbps : Math.max(AAC_KBPS_MIN, this.#kbps);
    if (kbps !== KBPS_DEFAULT) query.set('kbps', String(kbps));
    if (media_s !== null && this.#on_air_at_s !== null) query.set('from', Math.max(0, media_s - this.#on_air_at_s).toFixed(3));
    const text = query.toString();
    return `${opus ? ogg : aac}${text && '?'}${text}`;
  }

  #onPlaying(): void {
    if (!this.#listening) return;
    this.#backoff.reset();
    this.#state.first_sound_ms ??= Math.round(performance.now() - this.#pressed_ms);
    Object.assign(this.#state, { phase: 'playing', silent_since: null, retry_at: null });
    this.changed();
  }

  #onWaiting(): void {
    if (!this.#listening || this.#state.phase !== 'playing' || this.audio.seeking) return;
    this.#state.stalls += 1;
    this.#state.phase = 'buffering';
    this.changed();
  }

  /** A call, a media key, another program. */
  #onPause(): void {
    // A stream that ends or breaks pauses the element as well; a pause that was taken back at once is none.
    if (!this.#listening || !this.audio.paused || this.audio.ended || this.audio.error) return;
    clearTimeout(this.#retry);
    Object.assign(this.#state, { phase: 'paused', retry_at: null, silent_since: null });
    this.changed();
  }

  /** The system gives the sound back by itself: the browser goes on with what it has. */
  #onPlay(): void {
    if (!this.#listening || this.#state.phase !== 'paused') return;
    this.#state.phase = 'buffering';
    this.changed();
  }

  /** Decoding is what a new connection may not mend; everything else is tried for as long as it takes. */
  #hopeless(): boolean {
    if (this.audio.error?.code !== MediaError.MEDIA_ERR_DECODE) return false;
    const now_ms = performance.now();
    this.#undecoded = now_ms - this.#undecoded_ms > STEADY_MS ? 1 : this.#undecoded + 1;
    this.#undecoded_ms = now_ms;
    return this.#undecoded > MENDS_MAX;
  }

  /** An element does not say why it failed; the status document tells the page whether the show is over. */
  #onBroken(): void {
    if (!this.#listening || this.#state.retry_at !== null) return;
    if (this.#hopeless()) {
      const { following, position_s } = this.#state;
      this.stop();
      Object.assign(this.#state, { phase: 'failed', following, position_s });
      return this.changed();
    }
    const place_s = this.#state.following === 'behind' ? this.#state.position_s : null;
    const wait_ms = this.#backoff.next() * 1000;
    this.#state.reconnects += 1;
    this.#state.silent_since ??= Date.now();
    this.#state.phase = 'reconnecting';
    this.#state.retry_at = Date.now() + wait_ms;
    this.#retry = setTimeout(() => this.#load(place_s), wait_ms);
    this.changed();
  }

  #position(): number | null {
    const start = this.audio.getStartDate?.().getTime();
    if (start !== undefined && Number.isFinite(start) && this.#anchor !== null) {
      return (start - this.#anchor) / 1000 + this.audio.currentTime;
    }
    return this.#base_s === null ? null : this.#base_s + this.audio.currentTime;
  }

  #tick(): void {
    const state = this.#state;
    state.edge_s = this.#edge.at(performance.now() / 1000);
    state.position_s = state.phase === 'playing' || state.phase === 'buffering' ? this.#position() : state.position_s;
    const { position_s, edge_s } = state;
    state.latency_s = position_s === null || edge_s === null ? null : Math.max(0, edge_s - position_s);
    this.changed();
  }
}
