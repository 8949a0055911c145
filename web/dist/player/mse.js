import { Backoff } from '../shared/backoff.js';
import { Feed } from './feed.js';
import { Edge, RateControl, SEEK_ERROR_S, Target } from './rate.js';
import { SoundBuffer } from './soundbuffer.js';
import { initialState } from './state.js';
export const MIME = 'audio/mp4; codecs="opus"';
const TICK_MS = 100;
const TICK_FIRST_MS = 20;
const BURST_QUIET_S = 0.05;
const BURST_S_MAX = 0.3;
const START_AHEAD_S = 0.3;
const AHEAD_S_MAX = 120;
const AHEAD_S_RESUME = 40;
const CATCH_UP_S_MAX = 30;
const SLEPT_MS = 5_000;
const DEAD_BAND_CLOSE_S = 0.04;
const DEAD_BAND_S = 0.4;
export class MsePlayer {
    audio;
    url;
    managed;
    changed;
    #state;
    #feed = null;
    #feedIsLive = true;
    #resting = false;
    #source = null;
    #sound = null;
    #edge = new Edge();
    #rate = new RateControl();
    #target;
    #backoff = new Backoff(0.25, 10);
    #retry = 0;
    #ticker = 0;
    #tickedAt = 0;
    #on_air_at_s = null;
    #begin = null;
    #arrived_s = { first: 0, last: 0 };
    #catchingUp = false;
    #over = false;
    #pressed_ms = 0;
    #objectUrl = '';
    constructor(audio, url, managed, close, changed) {
        this.audio = audio;
        this.url = url;
        this.managed = managed;
        this.changed = changed;
        this.#state = initialState(managed ? 'managed' : 'mse', close);
        this.#target = new Target(close);
        audio.addEventListener('playing', () => this.#onPlaying());
        audio.addEventListener('waiting', () => this.#onWaiting());
        document.addEventListener('visibilitychange', () => {
            if (document.visibilityState === 'visible' && this.#active)
                this.#wake();
        });
    }
    get state() {
        return this.#state;
    }
    get #active() {
        return this.#source !== null;
    }
    listen() {
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
    stop() {
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
    seekTo(media_s) {
        if (!this.#active)
            return;
        this.#catchingUp = false;
        this.#state.following = 'behind';
        this.audio.playbackRate = 1;
        if (this.#seekInside(media_s))
            return this.changed();
        this.#sound?.clear();
        this.#open(media_s);
        this.changed();
    }
    toLive() {
        if (!this.#active)
            return;
        this.#catchingUp = false;
        this.#state.following = 'live';
        this.#rate.reset();
        const edge_s = this.#edge.at(seconds());
        const end_s = this.#end();
        if (this.#feed && this.#feedIsLive && edge_s !== null && end_s !== null && edge_s - end_s < 1.5) {
            if (this.#seekInside(edge_s - this.#target.value_s(seconds())))
                return this.changed();
        }
        this.#sound?.clear();
        this.#open('live');
        this.changed();
    }
    setClose(close) {
        this.#state.close = close;
        this.#target.close = close;
        if (this.#active && this.#state.following === 'live') {
            this.#catchingUp = false;
            this.#open('live');
        }
        this.changed();
    }
    hint(on_air_at_s, live_at_s) {
        if (on_air_at_s !== null)
            this.#on_air_at_s = on_air_at_s;
        if (live_at_s !== null)
            this.#edge.observe(seconds(), live_at_s);
    }
    #openSource() {
        const managed = window.ManagedMediaSource;
        const source = this.managed && managed ? new managed() : new MediaSource();
        this.#source = source;
        this.audio.disableRemotePlayback = this.managed;
        this.#objectUrl = URL.createObjectURL(source);
        const pending = [];
        this.#early = pending;
        source.addEventListener('sourceopen', () => {
            if (this.#source !== source || this.#sound)
                return;
            source.duration = Infinity;
            this.#sound = new SoundBuffer(source.addSourceBuffer(MIME), () => this.audio.currentTime, () => this.#rest());
            for (const bytes of pending.splice(0))
                this.#sound.append(bytes);
        });
        this.audio.src = this.#objectUrl;
    }
    #early = [];
    #open(at) {
        this.#closeFeed();
        clearTimeout(this.#retry);
        this.#state.retry_at = null;
        if (at !== null)
            this.#begin = at;
        const from_s = typeof at === 'number' ? at : at === null ? this.#end() : null;
        const query = new URLSearchParams();
        if (this.#state.close && this.#state.following === 'live')
            query.set('close', '1');
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
    #closeFeed() {
        this.#feed?.close();
        this.#feed = null;
        this.#resting = false;
    }
    #onBegan(start) {
        if (start.on_air_at_s !== null)
            this.#on_air_at_s = start.on_air_at_s;
        this.#state.silent_since = null;
        this.#state.refusal = null;
        if (this.#sound)
            this.#sound.restart();
        else
            this.#early.length = 0;
        if (this.#state.phase !== 'playing')
            this.#state.phase = 'buffering';
        this.changed();
    }
    #onBytes(bytes) {
        this.#backoff.reset();
        const now_s = seconds();
        if (this.#arrived_s.first === 0)
            this.#arrived_s.first = now_s;
        this.#arrived_s.last = now_s;
        if (this.#sound)
            this.#sound.append(bytes);
        else
            this.#early.push(bytes);
    }
    #onOver(problem) {
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
        if (state.phase !== 'playing')
            state.phase = waiting ? 'waiting' : 'reconnecting';
        state.retry_at = Date.now() + wait_s * 1000;
        this.#retry = setTimeout(() => this.#reconnect(), wait_s * 1000);
        this.changed();
    }
    #reconnect() {
        const end_s = this.#end();
        const edge_s = this.#edge.at(seconds());
        const missed_s = end_s === null || edge_s === null ? 0 : edge_s - end_s;
        const played = end_s !== null && this.#begin === null;
        if (!played)
            return this.#open(this.#begin ?? 'live');
        if (this.#on_air_at_s === null || (this.#state.close && this.#state.following === 'live' && missed_s > 1)) {
            this.#sound?.clear();
            return this.#open('live');
        }
        if (this.#state.following === 'live') {
            if (missed_s > CATCH_UP_S_MAX)
                this.#state.following = 'behind';
            else
                this.#catchingUp = true;
        }
        this.#open(null);
    }
    #rest() {
        this.#closeFeed();
        this.#resting = true;
    }
    #tickEvery(ms) {
        clearInterval(this.#ticker);
        this.#tickedAt = Date.now();
        this.#ticker = setInterval(() => this.#tick(), ms);
    }
    #tick() {
        const late_ms = Date.now() - this.#tickedAt;
        this.#tickedAt = Date.now();
        if (late_ms > SLEPT_MS)
            this.#wake();
        const now_s = seconds();
        const end_s = this.#end();
        if (end_s !== null && this.#feedIsLive && this.#arrived_s.last > 0)
            this.#edge.observe(this.#arrived_s.last, end_s);
        if (this.#begin !== null)
            this.#tryToBegin(now_s);
        else
            this.#steer(now_s);
        this.#sound?.trim();
        this.#measure(now_s);
        this.changed();
    }
    #tryToBegin(now_s) {
        const sound = this.#sound;
        const ranges = sound?.ranges() ?? [];
        const last = ranges[ranges.length - 1];
        if (!sound?.idle || !last || this.#begin === null || this.#arrived_s.first === 0)
            return;
        const { first, last: latest } = this.#arrived_s;
        const burstOver = now_s - latest > BURST_QUIET_S || now_s - first > BURST_S_MAX;
        if (last.end_s - last.start_s < START_AHEAD_S || (!burstOver && this.#begin === 'live'))
            return;
        const live_s = Math.max(this.#edge.at(now_s) ?? 0, last.end_s) - this.#target.value_s(now_s);
        const wanted_s = this.#begin === 'live' ? live_s : this.#begin;
        this.audio.currentTime = Math.min(Math.max(wanted_s, last.start_s), last.end_s - 0.1);
        this.audio.playbackRate = 1;
        this.#begin = null;
        this.#rate.reset();
        this.#play();
    }
    #steer(now_s) {
        const position_s = this.audio.currentTime;
        const end_s = this.#end() ?? position_s;
        this.#jumpHole(position_s);
        if (this.#over && end_s - position_s < 0.1)
            return this.#finish();
        if (!this.#feedIsLive && this.#feed && end_s - position_s > AHEAD_S_MAX)
            this.#rest();
        if (this.#resting && end_s - position_s < AHEAD_S_RESUME)
            this.#open(null);
        const edge_s = this.#edge.at(now_s);
        if (this.#state.following !== 'live' || edge_s === null || this.audio.seeking)
            return;
        const error_s = edge_s - position_s - this.#target.value_s(now_s);
        if (error_s < SEEK_ERROR_S / 2)
            this.#catchingUp = false;
        if (error_s > SEEK_ERROR_S && !this.#catchingUp && this.#feed && edge_s - end_s < 1.5) {
            if (this.#seekInside(position_s + error_s))
                return;
        }
        const rate = this.#rate.rate(error_s, this.#state.close ? DEAD_BAND_CLOSE_S : DEAD_BAND_S);
        if (Math.abs(this.audio.playbackRate - rate) > 0.001)
            this.audio.playbackRate = rate;
    }
    #jumpHole(position_s) {
        for (const range of this.#sound?.ranges() ?? []) {
            if (position_s < range.start_s) {
                this.audio.currentTime = range.start_s + 0.01;
                this.#state.holes_jumped += 1;
                return;
            }
            if (position_s < range.end_s - 0.06)
                return;
        }
    }
    #wake() {
        if (this.#state.following !== 'live' || this.#begin !== null)
            return;
        const edge_s = this.#edge.at(seconds());
        const behind_s = edge_s === null ? 0 : edge_s - this.audio.currentTime - this.#target.value_s(seconds());
        if (behind_s > SEEK_ERROR_S || !this.#feed)
            this.toLive();
    }
    #finish() {
        const refusal = this.#state.refusal;
        const position_s = this.audio.currentTime;
        const following = this.#state.following;
        this.stop();
        Object.assign(this.#state, { phase: 'ended', refusal, position_s, following });
        this.changed();
    }
    #play() {
        this.audio.play().catch((error) => {
            if (error instanceof DOMException && error.name === 'NotAllowedError' && this.#active) {
                this.#state.phase = 'blocked';
                this.changed();
            }
        });
    }
    #onPlaying() {
        if (!this.#active || this.#begin !== null)
            return;
        this.#state.phase = 'playing';
        this.changed();
    }
    #onWaiting() {
        if (!this.#active || this.#state.phase !== 'playing' || this.audio.seeking)
            return;
        this.#state.stalls += 1;
        this.#target.stalled(seconds());
        this.#state.phase = this.#feed ? 'buffering' : 'reconnecting';
        this.changed();
    }
    #measure(now_s) {
        const state = this.#state;
        const began = this.#begin === null && this.#sound !== null;
        const position_s = this.audio.currentTime;
        const edge_s = this.#edge.at(now_s);
        state.edge_s = edge_s;
        state.latency_target_s = this.#target.value_s(now_s);
        state.rate = this.audio.playbackRate;
        if (!began)
            return;
        if (state.first_sound_ms === null && state.phase === 'playing' && this.audio.played.length > 0) {
            state.first_sound_ms = Math.round(performance.now() - this.#pressed_ms);
            this.#tickEvery(TICK_MS);
        }
        state.position_s = position_s;
        state.latency_s = edge_s === null ? null : Math.max(0, edge_s - position_s);
        state.ahead_s = Math.max(0, (this.#end() ?? position_s) - position_s);
    }
    #end() {
        const ranges = this.#sound?.ranges() ?? [];
        return ranges[ranges.length - 1]?.end_s ?? null;
    }
    #seekInside(media_s) {
        const inside = this.#sound?.ranges().some((r) => media_s >= r.start_s && media_s <= r.end_s - 0.15) ?? false;
        if (inside)
            this.audio.currentTime = media_s;
        return inside;
    }
}
function seconds() {
    return performance.now() / 1000;
}
