import { Backoff } from '../shared/backoff.js';
import { Edge } from './rate.js';
import { FREE_ENTRY, initialState, KBPS_DEFAULT, MENDS_MAX, STEADY_MS } from './state.js';
const TICK_MS = 250;
const HOLD_BACK_S = 5.8;
const BURST_S = 5;
const AAC_KBPS_MIN = 32;
export class NativePlayer {
    audio;
    urls;
    hls;
    changed;
    #state;
    #edge = new Edge();
    #backoff = new Backoff(0.5, 10);
    #ticker = 0;
    #retry = 0;
    #listening = false;
    #pressed_ms = 0;
    #on_air_at_s = null;
    #anchor = null;
    #base_s = null;
    #wanted_s = null;
    #holdBack_s = HOLD_BACK_S;
    #settling = false;
    #kbps = KBPS_DEFAULT;
    #entry = FREE_ENTRY;
    #next_s = null;
    #undecoded = 0;
    #undecoded_ms = 0;
    constructor(audio, urls, hls, changed) {
        this.audio = audio;
        this.urls = urls;
        this.hls = hls;
        this.changed = changed;
        this.#state = initialState(hls ? 'hls' : 'progressive', false);
        audio.addEventListener('loadedmetadata', () => this.#goToPlace());
        audio.addEventListener('playing', () => this.#onPlaying());
        audio.addEventListener('waiting', () => this.#onWaiting());
        audio.addEventListener('pause', () => this.#onPause());
        audio.addEventListener('play', () => this.#onPlay());
        audio.addEventListener('error', () => this.#onBroken());
        audio.addEventListener('ended', () => this.#onBroken());
    }
    get state() {
        return this.#state;
    }
    listen() {
        Object.assign(this.#state, initialState(this.#state.mode, false), { phase: 'connecting' });
        this.#listening = true;
        this.#pressed_ms = performance.now();
        this.#undecoded = 0;
        clearInterval(this.#ticker);
        this.#ticker = setInterval(() => this.#tick(), TICK_MS);
        this.#load(null);
    }
    stop() {
        this.#listening = false;
        this.#entry.hold?.stop();
        clearInterval(this.#ticker);
        clearTimeout(this.#retry);
        this.audio.pause();
        this.audio.removeAttribute('src');
        this.audio.load();
        Object.assign(this.#state, { phase: 'stopped', following: 'live', retry_at: null });
        this.changed();
    }
    resume() {
        const { phase, following, position_s } = this.#state;
        if (phase !== 'paused')
            return;
        this.#state.phase = 'connecting';
        if (following === 'live' || !this.hls || this.audio.error)
            this.#load(following === 'live' ? null : position_s);
        else
            this.#play();
        this.changed();
    }
    admit(entry) {
        this.#entry = entry;
        if (this.#state.phase !== 'in_line')
            return;
        if (entry.held)
            return entry.hold?.begin();
        entry.hold?.end();
        this.#state.phase = 'connecting';
        this.#pressed_ms = performance.now();
        this.#load(this.#next_s);
    }
    seekTo(media_s) {
        if (this.#state.phase === 'in_line') {
            this.#next_s = media_s;
            Object.assign(this.#state, { following: 'behind', position_s: media_s });
            return this.changed();
        }
        if (this.#entry.held && !this.hls)
            return;
        const paused = this.#state.phase === 'paused';
        this.#state.following = 'behind';
        const breaks = this.#state.retry_at !== null;
        if (!this.hls && !paused && !breaks)
            this.#load(media_s);
        else if (this.hls && !breaks) {
            this.#wanted_s = media_s;
            this.#goToPlace();
        }
        this.#place(media_s);
        this.changed();
    }
    toLive() {
        this.#state.following = 'live';
        this.#wanted_s = null;
        if (this.#state.phase === 'in_line') {
            this.#next_s = this.#state.position_s = null;
            return this.changed();
        }
        if (this.#state.phase === 'paused')
            return this.resume();
        if (this.#entry.held && !this.hls)
            return;
        const end_s = this.#seekableEnd();
        if (!this.hls || end_s === null || this.#state.retry_at !== null)
            this.#load(null);
        else
            this.audio.currentTime = Math.max(0, end_s - this.#holdBack_s);
        this.changed();
    }
    setClose() {
    }
    setQuality(kbps) {
        if (kbps === this.#kbps)
            return;
        this.#kbps = kbps;
        if (this.#listening && !this.hls && !this.#entry.held && this.#state.phase !== 'paused')
            this.#load(this.#state.following === 'behind' ? this.#state.position_s : null);
    }
    hint(on_air_at_s, live_at_s, anchor = null) {
        this.#on_air_at_s = on_air_at_s;
        this.#anchor = anchor ?? this.#anchor;
        if (live_at_s !== null)
            this.#edge.observe(performance.now() / 1000, live_at_s);
    }
    #load(media_s) {
        clearTimeout(this.#retry);
        this.#state.retry_at = null;
        if (this.#entry.held)
            return this.#standInLine(media_s);
        const edge_s = this.#edge.at(performance.now() / 1000);
        const begins_s = this.hls ? null : media_s;
        this.#base_s = begins_s ?? (edge_s === null ? null : edge_s - BURST_S);
        this.#wanted_s = this.hls ? media_s : null;
        this.#settling = media_s === null;
        this.audio.src = this.#address(media_s);
        if (this.#state.phase === 'playing')
            this.#state.phase = 'buffering';
        this.#place(media_s ?? this.#base_s);
        this.#play();
        this.changed();
    }
    #standInLine(media_s) {
        Object.assign(this.#state, { phase: 'in_line', position_s: media_s, latency_s: null, first_sound_ms: null, silent_since: null });
        this.#next_s = media_s;
        this.#entry.hold?.begin();
        this.changed();
    }
    get #streams() {
        return this.#listening && this.#state.phase !== 'in_line';
    }
    #play() {
        this.audio.play().catch((error) => {
            if (error instanceof DOMException && error.name === 'NotAllowedError' && this.#listening) {
                this.#state.phase = 'blocked';
                this.changed();
            }
        });
    }
    #address(media_s) {
        const query = new URLSearchParams();
        const { ticket } = this.#entry;
        if (ticket !== null)
            query.set('ticket', ticket);
        const url = this.hls ? this.urls.hls : this.#progressive(media_s, query);
        const text = query.toString();
        return `${url}${text && '?'}${text}`;
    }
    #progressive(media_s, query) {
        const { aac, ogg } = this.urls;
        const opus = aac === null || this.audio.canPlayType('audio/ogg; codecs="opus"') !== '';
        const kbps = opus ? this.#kbps : Math.max(AAC_KBPS_MIN, this.#kbps);
        if (kbps !== KBPS_DEFAULT)
            query.set('kbps', String(kbps));
        if (media_s !== null && this.#on_air_at_s !== null)
            query.set('from', Math.max(0, media_s - this.#on_air_at_s).toFixed(3));
        return opus ? ogg : aac;
    }
    #onPlaying() {
        if (!this.#streams)
            return;
        this.#backoff.reset();
        this.#goToPlace();
        this.#state.first_sound_ms ??= Math.round(performance.now() - this.#pressed_ms);
        Object.assign(this.#state, { phase: 'playing', silent_since: null, retry_at: null });
        this.changed();
    }
    #onWaiting() {
        if (!this.#listening || this.#state.phase !== 'playing' || this.audio.seeking)
            return;
        this.#state.stalls += 1;
        this.#state.phase = 'buffering';
        this.changed();
    }
    #onPause() {
        if (!this.#streams || !this.audio.paused || this.audio.ended || this.audio.error)
            return;
        clearTimeout(this.#retry);
        Object.assign(this.#state, { phase: 'paused', retry_at: null, silent_since: null });
        this.changed();
    }
    #onPlay() {
        if (!this.#listening || this.#state.phase !== 'paused')
            return;
        this.#state.phase = 'buffering';
        this.changed();
    }
    #hopeless() {
        if (this.audio.error?.code !== MediaError.MEDIA_ERR_DECODE)
            return false;
        const now_ms = performance.now();
        this.#undecoded = now_ms - this.#undecoded_ms > STEADY_MS ? 1 : this.#undecoded + 1;
        this.#undecoded_ms = now_ms;
        return this.#undecoded > MENDS_MAX;
    }
    #onBroken() {
        if (!this.#streams || this.#state.retry_at !== null || this.#state.phase === 'paused')
            return;
        if (this.#hopeless()) {
            const { following, position_s } = this.#state;
            this.stop();
            Object.assign(this.#state, { phase: 'failed', following, position_s });
            return this.changed();
        }
        const wait_ms = this.#backoff.next() * 1000;
        this.#state.reconnects += 1;
        this.#state.silent_since ??= Date.now();
        this.#state.phase = 'reconnecting';
        this.#state.retry_at = Date.now() + wait_ms;
        this.#retry = setTimeout(() => this.#load(this.#state.following === 'behind' ? this.#state.position_s : null), wait_ms);
        this.changed();
    }
    #goToPlace() {
        const now_s = this.#position();
        if (!this.#streams || this.#wanted_s === null || now_s === null || this.audio.readyState === 0)
            return;
        this.audio.currentTime += this.#wanted_s - now_s;
        this.#wanted_s = null;
    }
    #seekableEnd() {
        const { seekable } = this.audio;
        return seekable.length === 0 ? null : seekable.end(seekable.length - 1);
    }
    #settle() {
        const { phase, following, latency_s } = this.#state;
        if (!this.#settling || phase !== 'playing' || following !== 'live' || latency_s === null)
            return;
        this.#settling = false;
        this.#state.latency_target_s = latency_s;
        const end_s = this.#seekableEnd();
        if (this.hls && end_s !== null)
            this.#holdBack_s = Math.max(0, end_s - this.audio.currentTime);
    }
    #position() {
        const start = this.audio.getStartDate?.().getTime();
        if (start !== undefined && Number.isFinite(start) && this.#anchor !== null) {
            return (start - this.#anchor) / 1000 + this.audio.currentTime;
        }
        return this.#base_s === null ? null : this.#base_s + this.audio.currentTime;
    }
    #place(position_s) {
        const edge_s = this.#edge.at(performance.now() / 1000);
        const latency_s = position_s === null || edge_s === null ? null : Math.max(0, edge_s - position_s);
        Object.assign(this.#state, { edge_s, position_s, latency_s });
    }
    #tick() {
        const { phase, position_s } = this.#state;
        const moves = phase === 'playing' || phase === 'buffering';
        this.#place(moves ? (this.#wanted_s ?? this.#position()) : position_s);
        this.#settle();
        this.changed();
    }
}
