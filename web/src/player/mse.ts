// The player of nearly every browser: a streamed fetch into a SourceBuffer. `audio.currentTime` is the
// media clock, because fragments carry it in their `tfdt` and nothing is offset.

import { Backoff } from '../shared/backoff.js';
import type { Problem } from '../shared/problem.js';
import type { FeedStart } from './feed.js';
import { Pace } from './pace.js';
import { Edge, SEEK_ERROR_S } from './rate.js';
import { FREE_ENTRY, GATE_REFUSALS, initialState, KBPS_DEFAULT, MENDS_MAX, STEADY_MS, type Entry, type LivePlayer, type PlayerState } from './state.js';
import { Supply } from './supply.js';

const TICK_MS = 100;
/** Until the first sound the player looks more often: every millisecond of waiting is heard. */
const TICK_FIRST_MS = 20;
/** The burst of a join counts as over when nothing came for this long, or when this much time passed. */
const BURST_QUIET_S = 0.05;
const BURST_S_MAX = 0.3;
/** Sound needed to begin with. */
const START_AHEAD_S = 0.3;
/** The element's clock moves once it has gone this far. */
const MOVING_S = 0.02;
/** A buffer whose end is older than so many flushes is not being filled at live. */
const FRESH_FLUSHES = 2.1;
/** Jumped this long before a hole, so that the jump comes before the stall: a tick and a bit. */
const HOLE_EDGE_S = 0.12;
/** Browsers stall some 80 ms before the end of what they have. */
const HOLE_EDGE_STALLED_S = 0.3;
/** A rewound listener fetches at most this far ahead, rests, and asks again when little is left. */
const AHEAD_S_MAX = 120;
const AHEAD_S_RESUME = 40;
/** An outage up to this long is caught up by playing a little faster; after a longer one the listener stays behind. */
const CATCH_UP_S_MAX = 30;
/** How often it is looked whether what is here has played to its end, before the listener stands in line. */
const PLAYED_OUT_MS = 500;
/** A tick that comes this late means that the machine slept. */
const SLEPT_MS = 5_000;

export class MsePlayer implements LivePlayer {
  readonly #state: PlayerState;
  #supply: Supply | null = null;
  /** The connection follows live, so that its arrivals tell where live is. */
  #supplyIsLive = true;
  readonly #edge = new Edge();
  readonly #pace: Pace;
  readonly #backoff = new Backoff(0.25, 10);
  #retry = 0;
  #ticker = 0;
  #ticked_at = 0;
  #pressed_ms = 0;
  #on_air_at_s: number | null = null;
  /** Where to begin as soon as there is enough sound; `null` once that is done. */
  #begin: number | 'live' | null = null;
  /** Where sound was to begin, until the clock of the element moves: opening the output may take seconds. */
  #begun_s: number | null = null;
  /** The server said that there is no more. */
  #over = false;
  #kbps = KBPS_DEFAULT;
  #entry = FREE_ENTRY;
  /** Where to begin once the gate has called, and not before when, by Unix time. */
  #next: number | 'live' = 'live';
  #next_at = 0;
  /** Times that the element was set up anew because it broke, with their waits, and when that was last. */
  #mends = 0;
  readonly #mendBackoff = new Backoff(0.25, 4);
  #mended_ms = 0;

  constructor(
    readonly audio: HTMLAudioElement,
    readonly url: string,
    readonly managed: boolean,
    close: boolean,
    readonly changed: () => void,
  ) {
    this.#state = initialState(managed ? 'managed' : 'mse', close);
    this.#pace = new Pace(close);
    audio.addEventListener('playing', () => this.#onPlaying());
    audio.addEventListener('waiting', () => this.#onWaiting());
    audio.addEventListener('pause', () => this.#onPause());
    audio.addEventListener('play', () => this.#goOn());
    audio.addEventListener('error', () => this.#onBroken());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#wake();
    });
  }

  get state(): Readonly<PlayerState> {
    return this.#state;
  }

  listen(): void {
    this.stop();
    const { mode, close } = this.#state;
    Object.assign(this.#state, initialState(mode, close), { phase: 'connecting' });
    this.#pressed_ms = performance.now();
    this.#mends = 0;
    this.#mendBackoff.reset();
    this.#start('live');
  }

  /** A media source, a connection and the clock that steers them. */
  #start(at: number | 'live'): void {
    if (this.#entry.held) return this.#standInLine(at);
    this.#over = false;
    this.#pace.catchingUp = false;
    this.#pace.target.close = this.#state.close;
    this.#begun_s = null;
    this.#supply = new Supply(this.audio, this.managed, {
      began: (start) => this.#onBegan(start),
      came: () => this.#backoff.reset(),
      over: (problem) => this.#onOver(problem),
      broken: () => this.#onBroken(),
    });
    this.#open(at);
    this.#play();
    this.#tickEvery(TICK_FIRST_MS);
    this.changed();
  }

  stop(): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    this.#backoff.reset();
    this.#supply?.close();
    this.#supply = null;
    this.#entry.hold?.stop();
    Object.assign(this.#state, { phase: 'stopped', following: 'live', retry_at: null, refusal: null, rate: 1 });
    this.changed();
  }

  resume(): void {
    this.#goOn();
    this.#play();
  }

  admit(entry: Entry): void {
    // The wait was for another right than this one.
    if (entry.ticket !== this.#entry.ticket) this.#next_at = 0;
    this.#entry = entry;
    if (entry.held && this.#state.phase === 'waiting') this.#standInLine('live');
    if (this.#state.phase !== 'in_line') return;
    if (entry.held || Date.now() < this.#next_at) return entry.hold?.begin();
    entry.hold?.end();
    this.#state.phase = 'connecting';
    this.#pressed_ms = performance.now();
    this.#start(this.#next);
  }

  seekTo(media_s: number): void {
    if (this.#state.phase === 'in_line') {
      this.#next = media_s;
      Object.assign(this.#state, { following: 'behind', position_s: media_s });
      return this.changed();
    }
    // Another stream would have to wait at the gate: then only what is here can be gone to.
    const cannot = this.#entry.held && this.#state.phase !== 'paused' && !this.#isHere(media_s);
    if (!this.#supply || cannot) return;
    this.#pace.catchingUp = false;
    this.#state.following = 'behind';
    this.audio.playbackRate = 1;
    if (this.#state.phase === 'paused') this.#markPlace(media_s);
    else if (this.#begin !== null || !this.#seekInside(media_s)) this.#reopen(media_s);
    this.changed();
  }

  toLive(): void {
    if (this.#state.phase === 'in_line') {
      this.#next = 'live';
      Object.assign(this.#state, { following: 'live', position_s: null });
      return this.changed();
    }
    if (!this.#supply) return;
    this.#pace.catchingUp = false;
    this.#state.following = 'live';
    if (this.#state.phase === 'paused') return this.resume();
    const edge_s = this.#edge.at(seconds());
    // The live connection kept filling the buffer while the listener was behind: then nothing is asked for.
    const here = this.#supplyIsLive && this.#begin === null && this.#fresh(edge_s);
    const isThere = here && this.#seekInside(edge_s! - this.#pace.target.value_s(seconds()));
    if (!isThere && !this.#entry.held) this.#reopen('live');
    this.changed();
  }

  setClose(close: boolean): void {
    this.#state.close = close;
    // A stream that stays comes at the interval that it has.
    if (!this.#supply || !this.#entry.held) this.#pace.target.close = close;
    // Behind live the interval makes no difference until the listener returns.
    if (this.#supply && this.#state.following === 'live' && this.#state.phase !== 'paused' && !this.#entry.held) {
      this.#pace.catchingUp = false;
      this.#open('live');
    }
    this.changed();
  }

  setQuality(kbps: number): void {
    if (kbps === this.#kbps) return;
    this.#kbps = kbps;
    // What is here stays; the new sound begins where it ends. All renditions share one init segment.
    const { phase, retry_at } = this.#state;
    const isOn = this.#supply && !this.#over && retry_at === null && phase !== 'paused';
    if (isOn && !this.#entry.held) this.#open(this.#begin);
    this.changed();
  }

  hint(on_air_at_s: number | null, live_at_s: number | null): void {
    if (on_air_at_s !== null) this.#on_air_at_s = on_air_at_s;
    if (live_at_s !== null) this.#edge.observe(seconds(), live_at_s);
    // The status answers again, or tells of sound: no need to wait, unless the server named the time itself.
    const { retry_at, refusal } = this.#state;
    const opened = refusal?.reason === 'doors_closed' && live_at_s !== null;
    if (retry_at !== null && (refusal === null || refusal.unreachable || opened)) this.#reconnect();
  }

  // ---- the connection

  /** Connects at live or at a moment; `null` goes on where the buffer ends. */
  #open(at: number | 'live' | null): void {
    const supply = this.#supply;
    if (!supply) return;
    if (this.#entry.held) return this.#holdBack(at);
    clearTimeout(this.#retry);
    this.#state.retry_at = null;
    if (at !== null) this.#begin = at;
    const from_s = at === 'live' ? null : (at ?? supply.end_s);
    const live = this.#state.following === 'live';
    const query = new URLSearchParams();
    if (this.#kbps !== KBPS_DEFAULT) query.set('kbps', String(this.#kbps));
    if (this.#state.close && live) query.set('close', '1');
    if (this.#entry.ticket !== null) query.set('ticket', this.#entry.ticket);
    // Below zero `from` would count back from now; before on air there is nothing to go back to.
    if (from_s !== null && this.#on_air_at_s !== null) {
      query.set('from', Math.max(0, from_s - this.#on_air_at_s).toFixed(3));
    }
    this.#supplyIsLive = live;
    const text = query.toString();
    supply.connect(text ? `${this.url}?${text}` : this.url);
  }

  /** As `#open`, with nothing of what was here. */
  #reopen(at: number | 'live'): void {
    if (this.#entry.held) return this.#holdBack(at);
    this.#supply?.clear();
    this.#over = false;
    this.#open(at);
    if (this.#state.phase === 'playing') this.#state.phase = 'buffering';
    if (at !== 'live') this.#state.position_s = at;
  }

  /** Nothing is fetched until the gate calls. What is here plays on to its end first. */
  #holdBack(at: number | 'live' | null): void {
    const state = this.#state;
    clearTimeout(this.#retry);
    if (state.phase === 'playing') {
      state.retry_at = Date.now() + PLAYED_OUT_MS;
      this.#retry = setTimeout(() => this.#reconnect(), PLAYED_OUT_MS);
      return this.changed();
    }
    const place_s = state.following === 'behind' ? state.position_s : null;
    this.#standInLine(at ?? place_s ?? 'live');
  }

  #standInLine(at: number | 'live'): void {
    const { following, refusal } = this.#state;
    this.stop();
    const position_s = at === 'live' ? null : at;
    const unknown = { edge_s: null, latency_s: null, first_sound_ms: null, silent_since: null };
    Object.assign(this.#state, { phase: 'in_line', following, refusal, position_s, ...unknown });
    this.#next = at;
    this.#entry.hold?.begin();
    this.changed();
  }

  #onBegan(start: FeedStart): void {
    const state = this.#state;
    if (start.on_air_at_s !== null) this.#on_air_at_s = start.on_air_at_s;
    this.#pace.target.comes(start.interval_s);
    state.silent_since = null;
    state.refusal = null;
    if (state.phase !== 'playing' && state.phase !== 'blocked') state.phase = 'buffering';
    this.changed();
  }

  #onOver(problem: Problem | null): void {
    const state = this.#state;
    state.refusal = problem;
    if (problem?.status === 410) {
      this.#over = true;
      // Nothing more comes to begin with: what is here plays on to its end, and nothing is the end.
      if (this.#begin !== null && state.phase !== 'paused') {
        if (this.#supply?.end_s == null) this.#finish(this.#begin === 'live' ? null : this.#begin);
        else this.#begin = null;
      }
      return this.changed();
    }
    if (problem && GATE_REFUSALS.has(problem.reason)) {
      this.#entry = { ...this.#entry, held: true };
      this.#next_at = Date.now() + this.#backoff.next(problem.retry_after_s) * 1000;
      return this.#holdBack(this.#begin);
    }
    const waiting = problem?.reason === 'doors_closed';
    const wait_ms = this.#backoff.next(problem?.retry_after_s ?? null) * 1000;
    if (!waiting) {
      state.reconnects += 1;
      state.silent_since ??= Date.now();
    }
    if (state.phase !== 'playing') state.phase = waiting ? 'waiting' : 'reconnecting';
    state.retry_at = Date.now() + wait_ms;
    this.#retry = setTimeout(() => this.#reconnect(), wait_ms);
    this.changed();
  }

  /** Goes on where the buffer ends, so that an outage costs no word; close to live means now. */
  #reconnect(): void {
    const state = this.#state;
    if (this.#entry.held) return this.#holdBack(this.#begin);
    const end_s = this.#supply?.end_s ?? null;
    const edge_s = this.#edge.at(seconds());
    if (this.#begin !== null || end_s === null || edge_s === null) return this.#open(this.#begin ?? 'live');
    const missed_s = edge_s - end_s;
    const live = state.following === 'live';
    // Before on air there is no `from`; close to live, what was missed is let go.
    if (this.#on_air_at_s === null || (live && state.close && missed_s > SEEK_ERROR_S)) return this.#reopen('live');
    if (live && missed_s > CATCH_UP_S_MAX) state.following = 'behind';
    else if (live) this.#pace.catchingUp = true;
    this.#open(null);
  }

  // ---- what the system does to the element

  /** A call, a media key, another program. Nothing is fetched meanwhile: nobody knows how long it takes. */
  #onPause(): void {
    // Our own stop leaves no supply; a pause that was taken back at once is none.
    if (!this.#supply || !this.audio.paused || this.audio.error) return;
    clearTimeout(this.#retry);
    this.#supply.rest();
    Object.assign(this.#state, { phase: 'paused', retry_at: null, silent_since: null, refusal: null });
    this.changed();
  }

  /** The end of a pause, by a press or by the system. */
  #goOn(): void {
    const { phase, following } = this.#state;
    if (!this.#supply || phase !== 'paused') return;
    this.#state.phase = 'buffering';
    this.#ticked_at = Date.now();
    const position_s = this.audio.currentTime;
    const here = this.#supply.ranges.some(({ start_s, end_s }) => position_s >= start_s && position_s <= end_s);
    if (this.#over && !here) return this.#finish(this.#state.position_s);
    if (this.#over) this.changed();
    else if (following === 'live') this.#reopen('live');
    else if (this.#begin !== null) this.#open(this.#begin);
    else if (here) this.#open(null);
    else this.#reopen(this.#state.position_s ?? position_s);
    this.changed();
  }

  /** Where a paused listener will go on. */
  #markPlace(media_s: number): void {
    this.#supply?.clear();
    this.#over = false;
    this.#begin = media_s;
    this.#state.position_s = media_s;
  }

  /** The element takes no sound any more: a new media source at the place, a few times. */
  #onBroken(): void {
    const state = this.#state;
    if (!this.#supply) return;
    if (performance.now() - this.#mended_ms > STEADY_MS) {
      this.#mends = 0;
      this.#mendBackoff.reset();
    }
    const { following, position_s } = state;
    const reconnects = state.reconnects + 1;
    this.stop();
    Object.assign(state, { following, position_s, reconnects });
    if (this.#mends === MENDS_MAX) {
      state.phase = 'failed';
      return this.changed();
    }
    this.#mends += 1;
    const wait_ms = this.#mendBackoff.next() * 1000;
    Object.assign(state, { phase: 'reconnecting', retry_at: Date.now() + wait_ms });
    this.#retry = setTimeout(() => {
      this.#mended_ms = performance.now();
      this.#start(following === 'behind' && position_s !== null ? position_s : 'live');
    }, wait_ms);
    this.changed();
  }

  // ---- the clock of the player

  #tickEvery(ms: number): void {
    clearInterval(this.#ticker);
    this.#ticked_at = Date.now();
    this.#ticker = setInterval(() => this.#tick(), ms);
  }

  #tick(): void {
    const supply = this.#supply;
    if (!supply) return;
    const late_ms = Date.now() - this.#ticked_at;
    this.#ticked_at = Date.now();
    if (late_ms > SLEPT_MS) this.#wake();
    const now_s = seconds();
    if (this.#state.phase === 'paused') {
      this.#measure(now_s);
      return this.changed();
    }
    const { end_s } = supply;
    if (end_s !== null && this.#supplyIsLive && supply.settled && supply.arrived_s.last > 0) {
      this.#edge.observe(supply.arrived_s.last, end_s);
    }
    if (this.#begin !== null) this.#tryToBegin(supply, now_s);
    else this.#steer(supply, now_s);
    this.#measure(now_s);
    this.changed();
  }

  #tryToBegin(supply: Supply, now_s: number): void {
    const { ranges } = supply;
    const last = ranges[ranges.length - 1];
    const { first, last: latest } = supply.arrived_s;
    if (!last || !supply.settled || this.#begin === null || first === 0) return;
    const burstOver = this.#over || now_s - latest > BURST_QUIET_S || now_s - first > BURST_S_MAX;
    if (!burstOver || last.end_s - last.start_s < START_AHEAD_S) return;
    // Sound comes in flushes, so the end of the buffer is up to one flush older than live is.
    const live_s = Math.max(this.#edge.at(now_s) ?? 0, last.end_s) - this.#pace.target.value_s(now_s);
    const wanted_s = this.#begin === 'live' ? live_s : this.#begin;
    this.#begun_s = Math.min(Math.max(wanted_s, last.start_s), last.end_s - START_AHEAD_S / 2);
    this.audio.currentTime = this.#begun_s;
    this.audio.playbackRate = 1;
    this.#begin = null;
    this.#pace.begin(now_s);
    this.#play();
  }

  #steer(supply: Supply, now_s: number): void {
    const state = this.#state;
    const position_s = this.audio.currentTime;
    this.#jumpHole(supply, position_s);
    const ahead_s = (supply.end_s ?? position_s) - position_s;
    if (this.#over && ahead_s < 0.1) return this.#finish(position_s);
    if (!this.#supplyIsLive && supply.connected && ahead_s > AHEAD_S_MAX) supply.rest();
    if (supply.resting && ahead_s < AHEAD_S_RESUME) this.#open(null);
    // Only here: before the place is reached, the playhead tells nothing about what is needed.
    supply.trim();
    if (this.#begun_s !== null && position_s < this.#begun_s + MOVING_S) return;
    this.#begun_s = null;
    const edge_s = this.#edge.at(now_s);
    if (state.following !== 'live' || edge_s === null || this.audio.seeking) return;
    const move = this.#pace.decide({ now_s, position_s, edge_s, ahead_s, fresh: this.#fresh(edge_s) });
    if (move.kind === 'seek') this.#seekInside(move.to_s);
    else if (Math.abs(this.audio.playbackRate - move.rate) > 0.001) this.audio.playbackRate = move.rate;
  }

  /** Sound on the other side of a gap in the buffer: go there. */
  #jumpHole(supply: Supply, position_s: number): void {
    const edge_s = this.#state.phase === 'playing' ? HOLE_EDGE_S : HOLE_EDGE_STALLED_S;
    for (const range of supply.ranges) {
      if (position_s < range.start_s) {
        this.audio.currentTime = range.start_s + 0.01;
        this.#state.holes_jumped += 1;
        return;
      }
      if (position_s < range.end_s - edge_s) return;
    }
  }

  /** After sleep, or when the page is looked at again: live means live, a chosen place stays. */
  #wake(): void {
    if (!this.#supply || this.#state.following !== 'live' || this.#begin !== null || this.#state.phase === 'paused') return;
    const edge_s = this.#edge.at(seconds());
    const behind_s = edge_s === null ? 0 : edge_s - this.audio.currentTime - this.#pace.target.value_s(seconds());
    if (behind_s > SEEK_ERROR_S && !this.#over) this.toLive();
  }

  /** There is no more sound. `position_s` is the place that is kept. */
  #finish(position_s: number | null): void {
    const { refusal, following } = this.#state;
    this.stop();
    Object.assign(this.#state, { phase: 'ended', refusal, position_s, following });
    this.changed();
  }

  #play(): void {
    this.audio.play().catch((error: unknown) => {
      // AbortError: a newer load replaced this one, and that one plays.
      if (error instanceof DOMException && error.name === 'NotAllowedError' && this.#supply) {
        this.#state.phase = 'blocked';
        this.changed();
      }
    });
  }

  #onPlaying(): void {
    if (!this.#supply || this.#begin !== null) return;
    this.#state.phase = 'playing';
    this.changed();
  }

  #onWaiting(): void {
    const state = this.#state;
    if (!this.#supply || state.phase !== 'playing' || this.audio.seeking || this.#over) return;
    state.stalls += 1;
    this.#pace.target.stalled(seconds());
    state.phase = state.retry_at === null ? 'buffering' : 'reconnecting';
    this.changed();
  }

  #measure(now_s: number): void {
    const state = this.#state;
    const position_s = this.audio.currentTime;
    const edge_s = this.#edge.at(now_s);
    state.edge_s = edge_s;
    state.latency_target_s = this.#pace.target.value_s(now_s);
    state.rate = this.audio.playbackRate;
    if (!this.#supply || this.#begin !== null) return;
    if (state.first_sound_ms === null && state.phase === 'playing' && this.#begun_s === null) {
      state.first_sound_ms = Math.round(performance.now() - this.#pressed_ms);
      this.#tickEvery(TICK_MS);
    }
    state.position_s = position_s;
    state.latency_s = edge_s === null ? null : Math.max(0, edge_s - position_s);
    state.ahead_s = Math.max(0, (this.#supply.end_s ?? position_s) - position_s);
  }

  /** The buffer reaches to live, give or take two flushes. */
  #fresh(edge_s: number | null): boolean {
    const end_s = this.#supply?.end_s ?? null;
    return edge_s !== null && end_s !== null && edge_s - end_s < FRESH_FLUSHES * this.#pace.target.interval_s;
  }

  #isHere(media_s: number): boolean {
    const ranges = this.#supply?.ranges ?? [];
    return ranges.some((range) => media_s >= range.start_s && media_s <= range.end_s - 0.15);
  }

  #seekInside(media_s: number): boolean {
    const inside = this.#isHere(media_s);
    if (inside) this.audio.currentTime = media_s;
    return inside;
  }
}

function seconds(): number {
  return performance.now() / 1000;
}
