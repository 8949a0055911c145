// A SourceBuffer with a queue in front: it takes one operation at a time and may be full.

type Operation =
  | { kind: 'append'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'restart' }
  | { kind: 'remove'; from_s: number; to_s: number };

/** Kept behind the place that plays, so that going back a little needs no request. */
const BACK_S_MAX = 60;
/** Trimmed in steps, not at every tick. */
const TRIM_STEP_S = 10;
/** What is left behind the playhead when the browser says that the buffer is full. */
const BACK_S_FULL = 5;

export class SoundBuffer {
  #queue: Operation[] = [];
  #full = false;

  /** `playhead` gives the place that plays; `overflowed` is told when even trimming made no room, `broken` when nothing can be added any more. */
  constructor(
    readonly source: SourceBuffer,
    readonly playhead: () => number,
    readonly overflowed: () => void,
    readonly broken: () => void,
  ) {
    source.mode = 'segments';
    source.addEventListener('updateend', () => this.#pump());
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    this.#queue.push({ kind: 'append', bytes });
    this.#pump();
  }

  /** A new connection begins: forget the half of a fragment that the old one may have left. */
  restart(): void {
    this.#queue = this.#queue.filter((operation) => operation.kind === 'remove');
    this.#queue.push({ kind: 'restart' });
    this.#pump();
  }

  clear(): void {
    this.#queue = [{ kind: 'restart' }, { kind: 'remove', from_s: 0, to_s: Infinity }];
    this.#pump();
  }

  trim(): void {
    const ranges = this.ranges();
    const first = ranges[0];
    if (!first || this.#queue.length > 0) return;
    const keep_from_s = this.playhead() - BACK_S_MAX;
    if (first.start_s < keep_from_s - TRIM_STEP_S) this.#remove(0, keep_from_s);
  }

  get idle(): boolean {
    return this.#queue.length === 0 && !this.source.updating;
  }

  ranges(): { start_s: number; end_s: number }[] {
    const ranges = [];
    try {
      const buffered = this.source.buffered;
      for (let i = 0; i < buffered.length; i += 1) ranges.push({ start_s: buffered.start(i), end_s: buffered.end(i) });
    } catch {
      // Detached: the browser has taken the media source back.
    }
    return ranges;
  }

  #remove(from_s: number, to_s: number): void {
    this.#queue.unshift({ kind: 'remove', from_s, to_s });
    this.#pump();
  }

  #pump(): void {
    while (!this.source.updating) {
      const operation = this.#queue.shift();
      if (!operation) return;
      try {
        this.#perform(operation);
        if (operation.kind === 'append') this.#full = false;
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
        if (error.name === 'QuotaExceededError') return this.#makeRoom(operation);
        // The element broke, or the browser has taken the media source back.
        this.#queue = [];
        return this.broken();
      }
    }
  }

  #perform(operation: Operation): void {
    if (operation.kind === 'append') this.source.appendBuffer(operation.bytes);
    else if (operation.kind === 'restart') this.source.abort();
    else if (operation.to_s > operation.from_s) this.source.remove(operation.from_s, operation.to_s);
  }

  #makeRoom(operation: Operation): void {
    const first = this.ranges()[0];
    const keep_from_s = this.playhead() - BACK_S_FULL;
    if (!this.#full && first && first.start_s < keep_from_s) {
      this.#full = true;
      this.#queue.unshift(operation);
      this.#remove(0, keep_from_s);
      return;
    }
    this.#full = false;
    this.#queue = [];
    this.overflowed();
  }
}
