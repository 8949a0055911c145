export const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];
export class Replay {
    audio;
    changed;
    #state = { loaded: false, playing: false, position_s: 0, duration_s: 0, speed: 1, failed: false };
    #sources = [];
    #place_s = 0;
    constructor(audio, changed) {
        this.audio = audio;
        this.changed = changed;
        for (const event of ['timeupdate', 'play', 'pause', 'ended', 'durationchange', 'seeked', 'ratechange']) {
            audio.addEventListener(event, () => this.#measure());
        }
        audio.addEventListener('error', () => this.#nextSource());
        audio.addEventListener('loadedmetadata', () => {
            if (this.#state.loaded && this.#place_s > 0)
                audio.currentTime = this.#place_s;
        });
    }
    get state() {
        return this.#state;
    }
    load(recording, place_s) {
        const m4a = this.audio.canPlayType('audio/mp4; codecs="mp4a.40.2"') !== '';
        const sources = m4a ? [recording.m4a, recording.opus] : [recording.opus, recording.m4a];
        this.#sources = sources.filter((source) => source !== null);
        this.#place_s = place_s;
        this.#state = { ...this.#state, loaded: true, position_s: place_s, duration_s: recording.duration_s ?? 0 };
        this.audio.preload = 'metadata';
        this.#nextSource();
    }
    toggle() {
        if (!this.audio.paused)
            this.audio.pause();
        else
            void this.audio.play().catch(() => this.#measure());
    }
    seekTo(show_s) {
        const place_s = Math.min(Math.max(0, show_s), this.#state.duration_s);
        this.#place_s = place_s;
        this.audio.currentTime = place_s;
        this.#measure();
    }
    setSpeed(speed) {
        this.audio.defaultPlaybackRate = speed;
        this.audio.playbackRate = speed;
        this.#measure();
    }
    #nextSource() {
        if (!this.#state.loaded)
            return;
        const source = this.#sources.shift();
        if (source === undefined)
            this.#state.failed = true;
        else
            this.audio.src = source;
        this.changed();
    }
    #measure() {
        if (!this.#state.loaded)
            return;
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
