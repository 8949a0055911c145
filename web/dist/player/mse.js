import { Backoff } from '../shared/backoff.js';
import { Pace } from './pace.js';
import { Edge, SEEK_ERROR_S } from './rate.js';
import { FREE_ENTRY, GATE_REFUSALS, initialState, KBPS_DEFAULT, MENDS_MAX, STEADY_MS } from './state.js';
import { Supply } from './supply.js';
const TICK_MS = 100;
const TICK_FIRST_MS = 20;
const BURST_QUIET_S = 0.05;
const BURST_S_MAX = 0.3;
const START_AHEAD_S = 0.3;
const MOVING_S = 0.02;
const FRESH_FLUSHES = 2.1;
const HOLE_EDGE_S = 0.12;
const HOLE_EDGE_STALLED_S = 0.3;
const AHEAD_S_MAX = 120;
const AHEAD_S_RESUME = 40;
const CATCH_UP_S_MAX = 30;
const PLAYED_OUT_MS = 500;
const SLEPT_MS = 5_000;
export class MsePlayer {
    audio;
    url;
    managed;
    changed;
    #state;
    #supply = null;
    #supplyIsLive = true;
    #edge = new Edge();
    #pace;
    #backoff = new Backoff(0.25, 10);
    #retry = 0;
    #ticker = 0;
    #ticked_at = 0;
    #pressed_ms = 0;
    #on_air_at_s = null;
    #begin = null;
    #begun_s = null;
    #over = false;
    #kbps = KBPS_DEFAULT;
    #entry = FREE_ENTRY;
    #next = 'live';
    #next_at = 0;
    #mends = 0;
    #mendBackoff = new Backoff(0.25, 4);
    #mended_ms = 0;
    constructor(audio, url, managed, close, changed) {
        this.audio = audio;
        this.url = url;
        this.managed = managed;
        this.changed = changed;
        this.#state = initialState(managed ? 'managed' : 'mse', close);
        this.#pace = new Pace(close);
        audio.addEventListener('playing', () => this.#onPlaying());
        audio.addEventListener('waiting', () => this.#onWaiting());
        audio.addEventListener('pause', () => this.#onPause());
        audio.addEventListener('play', () => this.#goOn());
        audio.addEventListener('error', () => this.#onBroken());
        document.addEventListener('visibilitychange', () => {
            if (document.visibilityState === 'visible')
                this.#wake();
        });
    }
    get state() {
        return this.#state;
    }
    listen() {
        this.stop();
        const { mode, close } = this.#state;
        Object.assign(this.#state, initialState(mode, close), { phase: 'connecting' });
        this.#pressed_ms = performance.now();
        this.#mends = 0;
        this.#mendBackoff.reset();
        this.#start('live');
    }
    #start(at) {
        if (this.#entry.held)
            return this.#standInLine(at);
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
    stop() {
        clearInterval(this.#ticker);
        clearTimeout(this.#retry);
        this.#backoff.reset();
        this.#supply?.close();
        this.#supply = null;
        this.#entry.hold?.stop();
        Object.assign(this.#state, { phase: 'stopped', following: 'live', retry_at: null, refusal: null, rate: 1 });
        this.changed();
    }
    resume() {
        this.#goOn();
        this.#play();
    }
    admit(entry) {
        if (entry.ticket !== this.#entry.ticket)
            this.#next_at = 0;
        this.#entry = entry;
        if (entry.held && this.#state.phase === 'waiting')
            this.#standInLine('live');
        if (this.#state.phase !== 'in_line')
            return;
        if (entry.held || Date.now() < this.#next_at)
            return entry.hold?.begin();
        entry.hold?.end();
        this.#state.phase = 'connecting';
        this.#pressed_ms = performance.now();
        this.#start(this.#next);
    }
    seekTo(media_s) {
        if (this.#state.phase === 'in_line') {
            this.#next = media_s;
            Object.assign(this.#state, { following: 'behind', position_s: media_s });
            return this.changed();
        }
        const cannot = this.#entry.held && this.#state.phase !== 'paused' && !this.#isHere(media_s);
        if (!this.#supply || cannot)
            return;
        this.#pace.catchingUp = false;
        this.#state.following = 'behind';
        this.audio.playbackRate = 1;
        if (this.#state.phase === 'paused')
            this.#markPlace(media_s);
        else if (this.#begin !== null || !this.#seekInside(media_s))
            this.#reopen(media_s);
        this.changed();
    }
    toLive() {
        if (this.#state.phase === 'in_line') {
            this.#next = 'live';
            Object.assign(this.#state, { following: 'live', position_s: null });
            return this.changed();
        }
        if (!this.#supply)
            return;
        this.#pace.catchingUp = false;
        this.#state.following = 'live';
        if (this.#state.phase === 'paused')
            return this.resume();
        const edge_s = this.#edge.at(seconds());
        const here = this.#supplyIsLive && this.#begin === null && this.#fresh(edge_s);
        const isThere = here && this.#seekInside(edge_s - this.#pace.target.value_s(seconds()));
        if (!isThere && !this.#entry.held)
            this.#reopen('live');
        this.changed();
    }
    setClose(close) {
        this.#state.close = close;
        if (!this.#supply || !this.#entry.held)
            this.#pace.target.close = close;
        if (this.#supply && this.#state.following === 'live' && this.#state.phase !== 'paused' && !this.#entry.held) {
            this.#pace.catchingUp = false;
            this.#open('live');
        }
        this.changed();
    }
    setQuality(kbps) {
        if (kbps === this.#kbps)
            return;
        this.#kbps = kbps;
        const { phase, retry_at } = this.#state;
        const isOn = this.#supply && !this.#over && retry_at === null && phase !== 'paused';
        if (isOn && !this.#entry.held)
            this.#open(this.#begin);
        this.changed();
    }
    hint(on_air_at_s, live_at_s) {
        if (on_air_at_s !== null)
            this.#on_air_at_s = on_air_at_s;
        if (live_at_s !== null)
            this.#edge.observe(seconds(), live_at_s);
        const { retry_at, refusal } = this.#state;
        const opened = refusal?.reason === 'doors_closed' && live_at_s !== null;
        if (retry_at !== null && (refusal === null || refusal.unreachable || opened))
            this.#reconnect();
    }
    #open(at) {
        const supply = this.#supply;
        if (!supply)
            return;
        if (this.#entry.held)
            return this.#holdBack(at);
        clearTimeout(this.#retry);
        this.#state.retry_at = null;
        if (at !== null)
            this.#begin = at;
        const from_s = at === 'live' ? null : (at ?? supply.end_s);
        const live = this.#state.following === 'live';
        const query = new URLSearchParams();
        if (this.#kbps !== KBPS_DEFAULT)
            query.set('kbps', String(this.#kbps));
        if (this.#state.close && live)
            query.set('close', '1');
        if (this.#entry.ticket !== null)
            query.set('ticket', this.#entry.ticket);
        if (from_s !== null && this.#on_air_at_s !== null) {
            query.set('from', Math.max(0, from_s - this.#on_air_at_s).toFixed(3));
        }
        this.#supplyIsLive = live;
        const text = query.toString();
        supply.connect(text ? `${this.url}?${text}` : this.url);
    }
    #reopen(at) {
        if (this.#entry.held)
            return this.#holdBack(at);
        this.#supply?.clear();
        this.#over = false;
        this.#open(at);
        if (this.#state.phase === 'playing')
            this.#state.phase = 'buffering';
        if (at !== 'live')
            this.#state.position_s = at;
    }
    #holdBack(at) {
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
    #standInLine(at) {
        const { following, refusal } = this.#state;
        this.stop();
        const position_s = at === 'live' ? null : at;
        const unknown = { edge_s: null, latency_s: null, first_sound_ms: null, silent_since: null };
        Object.assign(this.#state, { phase: 'in_line', following, refusal, position_s, ...unknown });
        this.#next = at;
        this.#entry.hold?.begin();
        this.changed();
    }
    #onBegan(start) {
        const state = this.#state;
        if (start.on_air_at_s !== null)
            this.#on_air_at_s = start.on_air_at_s;
        this.#pace.target.comes(start.interval_s);
        state.silent_since = null;
        state.refusal = null;
        if (state.phase !== 'playing' && state.phase !== 'blocked')
            state.phase = 'buffering';
        this.changed();
    }
    #onOver(problem) {
        const state = this.#state;
        state.refusal = problem;
        if (problem?.status === 410) {
            this.#over = true;
            if (this.#begin !== null && state.phase !== 'paused') {
                if (this.#supply?.end_s == null)
                    this.#finish(this.#begin === 'live' ? null : this.#begin);
                else
                    this.#begin = null;
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
        if (state.phase !== 'playing')
            state.phase = waiting ? 'waiting' : 'reconnecting';
        state.retry_at = Date.now() + wait_ms;
        this.#retry = setTimeout(() => this.#reconnect(), wait_ms);
        this.changed();
    }
    #reconnect() {
        const state = this.#state;
        if (this.#entry.held)
            return this.#holdBack(this.#begin);
        const end_s = this.#supply?.end_s ?? null;
        const edge_s = this.#edge.at(seconds());
        if (this.#begin !== null || end_s === null || edge_s === null)
            return this.#open(this.#begin ?? 'live');
        const missed_s = edge_s - end_s;
        const live = state.following === 'live';
        if (this.#on_air_at_s === null || (live && state.close && missed_s > SEEK_ERROR_S))
            return this.#reopen('live');
        if (live && missed_s > CATCH_UP_S_MAX)
            state.following = 'behind';
        else if (live)
            this.#pace.catchingUp = true;
        this.#open(null);
    }
    #onPause() {
        if (!this.#supply || !this.audio.paused || this.audio.error)
            return;
        clearTimeout(this.#retry);
        this.#supply.rest();
        Object.assign(this.#state, { phase: 'paused', retry_at: null, silent_since: null, refusal: null });
        this.changed();
    }
    #goOn() {
        const { phase, following } = this.#state;
        if (!this.#supply || phase !== 'paused')
            return;
        this.#state.phase = 'buffering';
        this.#ticked_at = Date.now();
        const position_s = this.audio.currentTime;
        const here = this.#supply.ranges.some(({ start_s, end_s }) => position_s >= start_s && position_s <= end_s);
        if (this.#over && !here)
            return this.#finish(this.#state.position_s);
        if (this.#over)
            this.changed();
        else if (following === 'live')
            this.#reopen('live');
        else if (this.#begin !== null)
            this.#open(this.#begin);
        else if (here)
            this.#open(null);
        else
            this.#reopen(this.#state.position_s ?? position_s);
        this.changed();
    }
    #markPlace(media_s) {
        this.#supply?.clear();
        this.#over = false;
        this.#begin = media_s;
        this.#state.position_s = media_s;
    }
    #onBroken() {
        const state = this.#state;
        if (!this.#supply)
            return;
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
    #tickEvery(ms) {
        clearInterval(this.#ticker);
        this.#ticked_at = Date.now();
        this.#ticker = setInterval(() => this.#tick(), ms);
    }
    #tick() {
        const supply = this.#supply;
        if (!supply)
            return;
        const late_ms = Date.now() - this.#ticked_at;
        this.#ticked_at = Date.now();
        if (late_ms > SLEPT_MS)
            this.#wake();
        const now_s = seconds();
        if (this.#state.phase === 'paused') {
            this.#measure(now_s);
            return this.changed();
        }
        const { end_s } = supply;
        if (end_s !== null && this.#supplyIsLive && supply.settled && supply.arrived_s.last > 0) {
            this.#edge.observe(supply.arrived_s.last, end_s);
        }
        if (this.#begin !== null)
            this.#tryToBegin(supply, now_s);
        else
            this.#steer(supply, now_s);
        this.#measure(now_s);
        this.changed();
    }
    #tryToBegin(supply, now_s) {
        const { ranges } = supply;
        const last = ranges[ranges.length - 1];
        const { first, last: latest } = supply.arrived_s;
        if (!last || !supply.settled || this.#begin === null || first === 0)
            return;
        const burstOver = this.#over || now_s - latest > BURST_QUIET_S || now_s - first > BURST_S_MAX;
        if (!burstOver || last.end_s - last.start_s < START_AHEAD_S)
            return;
        const live_s = Math.max(this.#edge.at(now_s) ?? 0, last.end_s) - this.#pace.target.value_s(now_s);
        const wanted_s = this.#begin === 'live' ? live_s : this.#begin;
        this.#begun_s = Math.min(Math.max(wanted_s, last.start_s), last.end_s - START_AHEAD_S / 2);
        this.audio.currentTime = this.#begun_s;
        this.audio.playbackRate = 1;
        this.#begin = null;
        this.#pace.begin(now_s);
        this.#play();
    }
    #steer(supply, now_s) {
        const state = this.#state;
        const position_s = this.audio.currentTime;
        this.#jumpHole(supply, position_s);
        const ahead_s = (supply.end_s ?? position_s) - position_s;
        if (this.#over && ahead_s < 0.1)
            return this.#finish(position_s);
        if (!this.#supplyIsLive && supply.connected && ahead_s > AHEAD_S_MAX)
            supply.rest();
        if (supply.resting && ahead_s < AHEAD_S_RESUME)
            this.#open(null);
        supply.trim();
        if (this.#begun_s !== null && position_s < this.#begun_s + MOVING_S)
            return;
        this.#begun_s = null;
        const edge_s = this.#edge.at(now_s);
        if (state.following !== 'live' || edge_s === null || this.audio.seeking)
            return;
        const move = this.#pace.decide({ now_s, position_s, edge_s, ahead_s, fresh: this.#fresh(edge_s) });
        if (move.kind === 'seek')
            this.#seekInside(move.to_s);
        else if (Math.abs(this.audio.playbackRate - move.rate) > 0.001)
            this.audio.playbackRate = move.rate;
    }
    #jumpHole(supply, position_s) {
        const edge_s = this.#state.phase === 'playing' ? HOLE_EDGE_S : HOLE_EDGE_STALLED_S;
        for (const range of supply.ranges) {
            if (position_s < range.start_s) {
                this.audio.currentTime = range.start_s + 0.01;
                this.#state.holes_jumped += 1;
                return;
            }
            if (position_s < range.end_s - edge_s)
                return;
        }
    }
    #wake() {
        if (!this.#supply || this.#state.following !== 'live' || this.#begin !== null || this.#state.phase === 'paused')
            return;
        const edge_s = this.#edge.at(seconds());
        const behind_s = edge_s === null ? 0 : edge_s - this.audio.currentTime - this.#pace.target.value_s(seconds());
        if (behind_s > SEEK_ERROR_S && !this.#over)
            this.toLive();
    }
    #finish(position_s) {
        const { refusal, following } = this.#state;
        this.stop();
        Object.assign(this.#state, { phase: 'ended', refusal, position_s, following });
        this.changed();
    }
    #play() {
        this.audio.play().catch((error) => {
            if (error instanceof DOMException && error.name === 'NotAllowedError' && this.#supply) {
                this.#state.phase = 'blocked';
                this.changed();
            }
        });
    }
    #onPlaying() {
        if (!this.#supply || this.#begin !== null)
            return;
        this.#state.phase = 'playing';
        this.changed();
    }
    #onWaiting() {
        const state = this.#state;
        if (!this.#supply || state.phase !== 'playing' || this.audio.seeking || this.#over)
            return;
        state.stalls += 1;
        this.#pace.target.stalled(seconds());
        state.phase = state.retry_at === null ? 'buffering' : 'reconnecting';
        this.changed();
    }
    #measure(now_s) {
        const state = this.#state;
        const position_s = this.audio.currentTime;
        const edge_s = this.#edge.at(now_s);
        state.edge_s = edge_s;
        state.latency_target_s = this.#pace.target.value_s(now_s);
        state.rate = this.audio.playbackRate;
        if (!this.#supply || this.#begin !== null)
            return;
        if (state.first_sound_ms === null && state.phase === 'playing' && this.#begun_s === null) {
            state.first_sound_ms = Math.round(performance.now() - this.#pressed_ms);
            this.#tickEvery(TICK_MS);
        }
        state.position_s = position_s;
        state.latency_s = edge_s === null ? null : Math.max(0, edge_s - position_s);
        state.ahead_s = Math.max(0, (this.#supply.end_s ?? position_s) - position_s);
    }
    #fresh(edge_s) {
        const end_s = this.#supply?.end_s ?? null;
        return edge_s !== null && end_s !== null && edge_s - end_s < FRESH_FLUSHES * this.#pace.target.interval_s;
    }
    #isHere(media_s) {
        const ranges = this.#supply?.ranges ?? [];
        return ranges.some((range) => media_s >= range.start_s && media_s <= range.end_s - 0.15);
    }
    #seekInside(media_s) {
        const inside = this.#isHere(media_s);
        if (inside)
            this.audio.currentTime = media_s;
        return inside;
    }
}
function seconds() {
    return performance.now() / 1000;
}
