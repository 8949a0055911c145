// The player of nearly every browser: a streamed fetch into a SourceBuffer. `audio.currentTime` is the
// media clock, because fragments carry it in their `tfdt` and nothing is offset.

import { Backoff } from '../shared/backoff.js';
import type { Problem } from '../shared/problem.js';
import { Feed, type FeedStart } from './feed.js';
import { Edge, RateControl, SEEK_ERROR_S, Target } from './rate.js';
import { SoundBuffer } from './soundbuffer.js';
import { initialState, type LivePlayer, type PlayerState } from './state.js';

export const MIME = 'audio/mp4; codecs="opus"';

const TICK_MS = 100;
/** Until the first sound the player looks more often: every millisecond of waiting is heard. */
const TICK_FIRST_MS = 20;
/** The burst of a join counts as over when nothing came for this long, or when this much time passed. */
const BURST_QUIET_S = 0.05;
const BURST_S_MAX = 0.3;
/** Sound needed to begin with. */
const START_AHEAD_S = 0.3;
/** A rewound listener fetches at most this far ahead, rests, and asks again when little is left. */
const AHEAD_S_MAX = 120;
const AHEAD_S_RESUME = 40;
/** An outage up to this long is caught up by playing a little faster; after a longer one the listener stays behind. */
const CATCH_UP_S_MAX = 30;
/** A tick that comes this late means that the machine slept. */
const SLEPT_MS = 5_000;
/** Dead bands of the rate control. */
const DEAD_BAND_CLOSE_S = 0.04;
const DEAD_BAND_S = 0.4;

export class MsePlayer implements LivePlayer {
  readonly #state: PlayerState;
  #feed: Feed | null = null;
  #feedIsLive = true;
  #resting = false;
  #source: MediaSource | null = null;
  #sound: SoundBuffer | null = null;
  #edge = new Edge();
  #rate = new RateControl();
  #target: Target;
  #backoff = new Backoff(0.25, 10);
  #retry = 0;
  #ticker = 0;
  #tickedAt = 0;
  #on_air_at_s: number | null = null;
  /** Where to begin when there is enough sound: a moment, or live. */
  #begin: number | 'live' | null = null;
  #arrived_s = { first: 0, last: 0 };
  #catchingUp = false;
  #over = false;
  #pressed_ms = 0;
  #objectUrl = '';

  constructor(
    readonly audio: HTMLAudioElement,
    readonly url: string,
    readonly managed: boolean,
    close: boolean,
    readonly changed: () => void,
  ) {
    this.#state = initialState(managed ? 'managed' : 'mse', close);
    this.#target = new Target(close);
    audio.addEventListener('playing', () => this.#onPlaying());
    audio.addEventListener('waiting', () => this.#onWaiting());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.#active) this.#wake();
    });
  }

  get state(): Readonly<PlayerState> {
    return this.#state;
  }

  get #active(): boolean {
    return this.#source !== null;
  }

  listen(): void {
    this.stop();
    const state = this.#state;
    Object.assign(state, initialState(state.mode, state.close), { phase: 'connecting' });
    this.#pressed_ms = performance.now();
    this.#over = false;
    this.#edge.reset();
    this.#openSource();
    this.#open('live');
    this.#play();
    this.#tickEvery(TICK_FIRST_MS);
    this.changed();
  }

  stop(): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    this.#closeFeed();
    this.#backoff.reset();
    this.#source = null;
    this.#sound = null;
    if (this.#objectUrl) {
      this.audio.pause();
      this.audio.removeAttribute('src');
      this.audio.load();
      URL.revokeObjectURL(this.#objectUrl);
      this.#objectUrl = '';
    }
    Object.assign(this.#state, { phase: 'stopped', following: 'live', retry_at: null, refusal: null, rate: 1 });
    this.changed();
  }

  seekTo(media_s: number): void {
    if (!this.#active) return;
    this.#catchingUp = false;
    this.#state.following = 'behind';
    this.audio.playbackRate = 1;
    if (this.#seekInside(media_s)) return this.changed();
    this.#sound?.clear();
    this.#open(media_s);
    this.changed();
  }

  toLive(): void {
    if (!this.#active) return;
    this.#catchingUp = false;
    this.#state.following = 'live';
    this.#rate.reset();
    const edge_s = this.#edge.at(seconds());
    const end_s = this.#end();
    // The live feed has kept appending while the listener was behind: then no request is needed.
    if (this.#feed && this.#feedIsLive && edge_s !== null && end_s !== null && edge_s - end_s < 1.5) {
      if (this.#seekInside(edge_s - this.#target.value_s(seconds()))) return this.changed();
    }
    this.#sound?.clear();
    this.#open('live');
    this.changed();
  }

  setClose(close: boolean): void {
    this.#state.close = close;
    this.#target.close = close;
    // Behind live the interval makes no difference until the listener returns.
    if (this.#active && this.#state.following === 'live') {
      this.#catchingUp = false;
      this.#open('live');
    }
    this.changed();
  }

  hint(on_air_at_s: number | null, live_at_s: number | null): void {
    if (on_air_at_s !== null) this.#on_air_at_s = on_air_at_s;
    if (live_at_s !== null) this.#edge.observe(seconds(), live_at_s);
  }

  // ---- the connection

  #openSource(): void {
    const managed = (window as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
    const source = this.managed && managed ? new managed() : new MediaSource();
    this.#source = source;
    this.audio.disableRemotePlayback = this.managed;
    this.#objectUrl = URL.createObjectURL(source);
    const pending: Uint8Array<ArrayBuffer>[] = [];
    this.#early = pending;
    source.addEventListener('sourceopen', () => {
      if (this.#source !== source || this.#sound) return;
      source.duration = Infinity;
      this.#sound = new SoundBuffer(
        source.addSourceBuffer(MIME),
        () => this.audio.currentTime,
        () => this.#rest(),
      );
      for (const bytes of pending.splice(0)) this.#sound.append(bytes);
    });
    this.audio.src = this.#objectUrl;
  }

  /** Bytes that came before the media source was open. */
  #early: Uint8Array<ArrayBuffer>[] = [];

  /** Opens the stream at live, or at a moment; `null` keeps the place that plays and goes on at the end of the buffer. */
  #open(at: number | 'live' | null): void {
    this.#closeFeed();
    clearTimeout(this.#retry);
    this.#state.retry_at = null;
    if (at !== null) this.#begin = at;
    const from_s = typeof at === 'number' ? at : at === null ? this.#end() : null;
    const query = new URLSearchParams();
    if (this.#state.close && this.#state.following === 'live') query.set('close', '1');
    // Below zero `from` would count back from now; before on air there is nothing to go back to.
    if (from_s !== null && this.#on_air_at_s !== null) {
      query.set('from', Math.max(0, from_s - this.#on_air_at_s).toFixed(3));
    }
    this.#feedIsLive = from_s === null || this.#state.following === 'live';
    this.#arrived_s = { first: 0, last: 0 };
    const text = query.toString();
    this.#feed = new Feed(text ? `${this.url}?${text}` : this.url, {
      began: (start) => this.#onBegan(start),
      bytes: (bytes) => this.#onBytes(bytes),
      over: (problem) => this.#onOver(problem),
    });
  }

  #closeFeed(): void {
    this.#feed?.close();
    this.#feed = null;
    this.#resting = false;
  }

  #onBegan(start: FeedStart): void {
    if (start.on_air_at_s !== null) this.#on_air_at_s = start.on_air_at_s;
    this.#state.silent_since = null;
    this.#state.refusal = null;
    if (this.#sound) this.#sound.restart();
    else this.#early.length = 0;
    if (this.#state.phase !== 'playing') this.#state.phase = 'buffering';
    this.changed();
  }

  #onBytes(bytes: Uint8Array<ArrayBuffer>): void {
    // The back-off ends with sound, not with an answer: a server that answers and closes is not well.
    this.#backoff.reset();
    const now_s = seconds();
    if (this.#arrived_s.first === 0) this.#arrived_s.first = now_s;
    this.#arrived_s.last = now_s;
    if (this.#sound) this.#sound.append(bytes);
    else this.#early.push(bytes);
  }

  #onOver(problem: Problem | null): void {
    this.#feed = null;
    const state = this.#state;
    state.refusal = problem;
    if (problem?.status === 410) {
      this.#over = true;
      return this.changed();
    }
    const waiting = problem?.reason === 'doors_closed';
    const wait_s = this.#backoff.next(problem?.retry_after_s ?? null);
    if (!waiting) {
      state.reconnects += 1;
      state.silent_since ??= Date.now();
    }
    if (state.phase !== 'playing') state.phase = waiting ? 'waiting' : 'reconnecting';
    state.retry_at = Date.now() + wait_s * 1000;
    this.#retry = setTimeout(() => this.#reconnect(), wait_s * 1000);
    this.changed();
  }

  /** Goes on where the buffer ends, so that an outage costs no word; close to live means now. */
  #reconnect(): void {
    const end_s = this.#end();
    const edge_s = this.#edge.at(seconds());
    const missed_s = end_s === null || edge_s === null ? 0 : edge_s - end_s;
    const played = end_s !== null && this.#begin === null;
    if (!played) return this.#open(this.#begin ?? 'live');
    if (this.#on_air_at_s === null || (this.#state.close && this.#state.following === 'live' && missed_s > 1)) {
      this.#sound?.clear();
      return this.#open('live');
    }
    if (this.#state.following === 'live') {
      if (missed_s > CATCH_UP_S_MAX) this.#state.following = 'behind';
      else this.#catchingUp = true;
    }
    this.#open(null);
  }

  #rest(): void {
    this.#closeFeed();
    this.#resting = true;
  }

  // ---- the clock of the player

  #tickEvery(ms: number): void {
    clearInterval(this.#ticker);
    this.#tickedAt = Date.now();
    this.#ticker = setInterval(() => this.#tick(), ms);
  }

  #tick(): void {
    const late_ms = Date.now() - this.#tickedAt;
    this.#tickedAt = Date.now();
    if (late_ms > SLEPT_MS) this.#wake();
    const now_s = seconds();
    const end_s = this.#end();
    if (end_s !== null && this.#feedIsLive && this.#arrived_s.last > 0) this.#edge.observe(this.#arrived_s.last, end_s);
    if (this.#begin !== null) this.#tryToBegin(now_s);
    else this.#steer(now_s);
    this.#sound?.trim();
    this.#measure(now_s);
    this.changed();
  }

  #tryToBegin(now_s: number): void {
    const sound = this.#sound;
    const ranges = sound?.ranges() ?? [];
    const last = ranges[ranges.length - 1];
    if (!sound?.idle || !last || this.#begin === null || this.#arrived_s.first === 0) return;
    const { first, last: latest } = this.#arrived_s;
    const burstOver = now_s - latest > BURST_QUIET_S || now_s - first > BURST_S_MAX;
    if (last.end_s - last.start_s < START_AHEAD_S || (!burstOver && this.#begin === 'live')) return;
    // Sound comes in flushes, so the end of the buffer is up to one flush older than live is.
    const live_s = Math.max(this.#edge.at(now_s) ?? 0, last.end_s) - this.#target.value_s(now_s);
    const wanted_s = this.#begin === 'live' ? live_s : this.#begin;
    this.audio.currentTime = Math.min(Math.max(wanted_s, last.start_s), last.end_s - 0.1);
    this.audio.playbackRate = 1;
    this.#begin = null;
    this.#rate.reset();
    this.#play();
  }

  #steer(now_s: number): void {
    const position_s = this.audio.currentTime;
    const end_s = this.#end() ?? position_s;
    this.#jumpHole(position_s);
    if (this.#over && end_s - position_s < 0.1) return this.#finish();
    if (!this.#feedIsLive && this.#feed && end_s - position_s > AHEAD_S_MAX) this.#rest();
    if (this.#resting && end_s - position_s < AHEAD_S_RESUME) this.#open(null);
    const edge_s = this.#edge.at(now_s);
    if (this.#state.following !== 'live' || edge_s === null || this.audio.seeking) return;
    const error_s = edge_s - position_s - this.#target.value_s(now_s);
    if (error_s < SEEK_ERROR_S / 2) this.#catchingUp = false;
    if (error_s > SEEK_ERROR_S && !this.#catchingUp && this.#feed && edge_s - end_s < 1.5) {
      if (this.#seekInside(position_s + error_s)) return;
    }
    // Without new sound, playing slower or faster would only run after a clock that stands.
    const rate = this.#rate.rate(error_s, this.#state.close ? DEAD_BAND_CLOSE_S : DEAD_BAND_S);
    if (Math.abs(this.audio.playbackRate - rate) > 0.001) this.audio.playbackRate = rate;
  }

  /** A second buffered range behind the place that plays is a hole: go to its other side. */
  #jumpHole(position_s: number): void {
    for (const range of this.#sound?.ranges() ?? []) {
      if (position_s < range.start_s) {
        this.audio.currentTime = range.start_s + 0.01;
        this.#state.holes_jumped += 1;
        return;
      }
      if (position_s < range.end_s - 0.06) return;
    }
  }

  #wake(): void {
    if (this.#state.following !== 'live' || this.#begin !== null) return;
    const edge_s = this.#edge.at(seconds());
    const behind_s = edge_s === null ? 0 : edge_s - this.audio.currentTime - this.#target.value_s(seconds());
    if (behind_s > SEEK_ERROR_S || !this.#feed) this.toLive();
  }

  #finish(): void {
    const refusal = this.#state.refusal;
    const position_s = this.audio.currentTime;
    const following = this.#state.following;
    this.stop();
    Object.assign(this.#state, { phase: 'ended', refusal, position_s, following });
    this.changed();
  }

  #play(): void {
    this.audio.play().catch((error: unknown) => {
      // AbortError: a newer load replaced this one, and that one plays.
      if (error instanceof DOMException && error.name === 'NotAllowedError' && this.#active) {
        this.#state.phase = 'blocked';
        this.changed();
      }
    });
  }

  #onPlaying(): void {
    if (!this.#active || this.#begin !== null) return;
    this.#state.phase = 'playing';
    this.changed();
  }

  #onWaiting(): void {
    if (!this.#active || this.#state.phase !== 'playing' || this.audio.seeking) return;
    this.#state.stalls += 1;
    this.#target.stalled(seconds());
    this.#state.phase = this.#feed ? 'buffering' : 'reconnecting';
    this.changed();
  }

  #measure(now_s: number): void {
    const state = this.#state;
    const began = this.#begin === null && this.#sound !== null;
    const position_s = this.audio.currentTime;
    const edge_s = this.#edge.at(now_s);
    state.edge_s = edge_s;
    state.latency_target_s = this.#target.value_s(now_s);
    state.rate = this.audio.playbackRate;
    if (!began) return;
    if (state.first_sound_ms === null && state.phase === 'playing' && this.audio.played.length > 0) {
      state.first_sound_ms = Math.round(performance.now() - this.#pressed_ms);
      this.#tickEvery(TICK_MS);
    }
    state.position_s = position_s;
    state.latency_s = edge_s === null ? null : Math.max(0, edge_s - position_s);
    state.ahead_s = Math.max(0, (this.#end() ?? position_s) - position_s);
  }

  #end(): number | null {
    const ranges = this.#sound?.ranges() ?? [];
    return ranges[ranges.length - 1]?.end_s ?? null;
  }

  #seekInside(media_s: number): boolean {
    const inside = this.#sound?.ranges().some((r) => media_s >= r.start_s && media_s <= r.end_s - 0.15) ?? false;
    if (inside) this.audio.currentTime = media_s;
    return inside;
  }
}

function seconds(): number {
  return performance.now() / 1000;
}
