import { Feed } from './feed.js';
import { SoundBuffer } from './soundbuffer.js';
export const MIME = 'audio/mp4; codecs="opus"';
export function managedMediaSource() {
    return window.ManagedMediaSource;
}
export class Supply {
    audio;
    handlers;
    arrived_s = { first: 0, last: 0 };
    resting = false;
    #feed = null;
    #sound = null;
    #closed = false;
    #early = [];
    #objectUrl;
    constructor(audio, managed, handlers) {
        this.audio = audio;
        this.handlers = handlers;
        const Source = (managed ? managedMediaSource() : undefined) ?? MediaSource;
        const source = new Source();
        source.addEventListener('sourceopen', () => this.#onOpen(source), { once: true });
        this.#objectUrl = URL.createObjectURL(source);
        audio.disableRemotePlayback = managed;
        audio.src = this.#objectUrl;
    }
    get connected() {
        return this.#feed !== null;
    }
    get settled() {
        return this.#sound?.idle ?? false;
    }
    get ranges() {
        return this.#sound?.ranges() ?? [];
    }
    get end_s() {
        const ranges = this.ranges;
        return ranges[ranges.length - 1]?.end_s ?? null;
    }
    connect(url) {
        this.disconnect();
        this.arrived_s = { first: 0, last: 0 };
        this.#feed = new Feed(url, {
            began: (start) => {
                if (this.#sound)
                    this.#sound.restart();
                else
                    this.#early = [];
                this.handlers.began(start);
            },
            bytes: (bytes) => this.#onBytes(bytes),
            over: (problem) => {
                this.#feed = null;
                this.handlers.over(problem);
            },
        });
    }
    disconnect() {
        this.#feed?.close();
        this.#feed = null;
        this.resting = false;
    }
    rest() {
        this.disconnect();
        this.resting = true;
    }
    clear() {
        this.#sound?.clear();
    }
    trim() {
        this.#sound?.trim();
    }
    close() {
        this.#closed = true;
        this.disconnect();
        this.#sound = null;
        this.audio.pause();
        this.audio.removeAttribute('src');
        this.audio.load();
        URL.revokeObjectURL(this.#objectUrl);
    }
    #onOpen(source) {
        source.duration = Infinity;
        const playhead = () => this.audio.currentTime;
        const broken = () => {
            if (!this.#closed)
                this.handlers.broken();
        };
        this.#sound = new SoundBuffer(source.addSourceBuffer(MIME), playhead, () => this.rest(), broken);
        for (const bytes of this.#early.splice(0))
            this.#sound.append(bytes);
    }
    #onBytes(bytes) {
        const now_s = performance.now() / 1000;
        if (this.arrived_s.first === 0)
            this.arrived_s.first = now_s;
        this.arrived_s.last = now_s;
        if (this.#sound)
            this.#sound.append(bytes);
        else
            this.#early.push(bytes);
        this.handlers.came();
    }
}
