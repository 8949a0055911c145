// The media source of one listening, its buffer, and the connection that fills it.

import type { Problem } from '../shared/problem.js';
import { Feed, type FeedStart } from './feed.js';
import { SoundBuffer } from './soundbuffer.js';

export const MIME = 'audio/mp4; codecs="opus"';

export interface SupplyHandlers {
  began(start: FeedStart): void;
  /** Sound came. */
  came(): void;
  over(problem: Problem | null): void;
  /** The element takes no more sound. */
  broken(): void;
}

/** Apple's kind of MediaSource, where there is one. */
export function managedMediaSource(): typeof MediaSource | undefined {
  return (window as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;
}

export class Supply {
  /** Page's clock of the first and the newest bytes of this connection; 0 before any came. */
  arrived_s = { first: 0, last: 0 };
  /** Stopped on purpose, because there is sound enough for a while. */
  resting = false;
  #feed: Feed | null = null;
  #sound: SoundBuffer | null = null;
  #closed = false;
  /** Bytes that came before the media source was open. */
  #early: Uint8Array<ArrayBuffer>[] = [];
  readonly #objectUrl: string;

  constructor(
    readonly audio: HTMLAudioElement,
    managed: boolean,
    readonly handlers: SupplyHandlers,
  ) {
    const Source = (managed ? managedMediaSource() : undefined) ?? MediaSource;
    const source = new Source();
    source.addEventListener('sourceopen', () => this.#onOpen(source), { once: true });
    this.#objectUrl = URL.createObjectURL(source);
    // A managed source is refused while the sound could move to another device.
    audio.disableRemotePlayback = managed;
    audio.src = this.#objectUrl;
  }

  get connected(): boolean {
    return this.#feed !== null;
  }

  /** The media source is open, and everything that came is in the buffer. */
  get settled(): boolean {
    return this.#sound?.idle ?? false;
  }

  get ranges(): { start_s: number; end_s: number }[] {
    return this.#sound?.ranges() ?? [];
  }

  /** Media clock of the end of what is here. */
  get end_s(): number | null {
    const ranges = this.ranges;
    return ranges[ranges.length - 1]?.end_s ?? null;
  }

  /** Asks for a stream in place of the one before; what is in the buffer stays. */
  connect(url: string): void {
    this.disconnect();
    this.arrived_s = { first: 0, last: 0 };
    this.#feed = new Feed(url, {
      began: (start) => {
        // The old connection may have left half of a fragment.
        if (this.#sound) this.#sound.restart();
        else this.#early = [];
        this.handlers.began(start);
      },
      bytes: (bytes) => this.#onBytes(bytes),
      over: (problem) => {
        this.#feed = null;
        this.handlers.over(problem);
      },
    });
  }

  disconnect(): void {
    this.#feed?.close();
    this.#feed = null;
    this.resting = false;
  }

  rest(): void {
    this.disconnect();
    this.resting = true;
  }

  clear(): void {
    this.#sound?.clear();
  }

  trim(): void {
    this.#sound?.trim();
  }

  /** Ends everything and gives the element back. */
  close(): void {
    this.#closed = true;
    this.disconnect();
    this.#sound = null;
    this.audio.pause();
    this.audio.removeAttribute('src');
    this.audio.load();
    URL.revokeObjectURL(this.#objectUrl);
  }

  #onOpen(source: MediaSource): void {
    source.duration = Infinity;
    const playhead = (): number => this.audio.currentTime;
    const broken = (): void => {
      if (!this.#closed) this.handlers.broken();
    };
    this.#sound = new SoundBuffer(source.addSourceBuffer(MIME), playhead, () => this.rest(), broken);
    for (const bytes of this.#early.splice(0)) this.#sound.append(bytes);
  }

  #onBytes(bytes: Uint8Array<ArrayBuffer>): void {
    const now_s = performance.now() / 1000;
    if (this.arrived_s.first === 0) this.arrived_s.first = now_s;
    this.arrived_s.last = now_s;
    if (this.#sound) this.#sound.append(bytes);
    else this.#early.push(bytes);
    this.handlers.came();
  }
}
