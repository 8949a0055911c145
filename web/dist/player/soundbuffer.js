const BACK_S_MAX = 60;
const TRIM_STEP_S = 10;
const BACK_S_FULL = 5;
export class SoundBuffer {
    source;
    playhead;
    overflowed;
    broken;
    #queue = [];
    #full = false;
    constructor(source, playhead, overflowed, broken) {
        this.source = source;
        this.playhead = playhead;
        this.overflowed = overflowed;
        this.broken = broken;
        source.mode = 'segments';
        source.addEventListener('updateend', () => this.#pump());
    }
    append(bytes) {
        this.#queue.push({ kind: 'append', bytes });
        this.#pump();
    }
    restart() {
        this.#queue = this.#queue.filter((operation) => operation.kind === 'remove');
        this.#queue.push({ kind: 'restart' });
        this.#pump();
    }
    clear() {
        this.#queue = [{ kind: 'restart' }, { kind: 'remove', from_s: 0, to_s: Infinity }];
        this.#pump();
    }
    trim() {
        const ranges = this.ranges();
        const first = ranges[0];
        if (!first || this.#queue.length > 0)
            return;
        const keep_from_s = this.playhead() - BACK_S_MAX;
        if (first.start_s < keep_from_s - TRIM_STEP_S)
            this.#remove(0, keep_from_s);
    }
    get idle() {
        return this.#queue.length === 0 && !this.source.updating;
    }
    ranges() {
        const ranges = [];
        try {
            const buffered = this.source.buffered;
            for (let i = 0; i < buffered.length; i += 1)
                ranges.push({ start_s: buffered.start(i), end_s: buffered.end(i) });
        }
        catch {
        }
        return ranges;
    }
    #remove(from_s, to_s) {
        this.#queue.unshift({ kind: 'remove', from_s, to_s });
        this.#pump();
    }
    #pump() {
        while (!this.source.updating) {
            const operation = this.#queue.shift();
            if (!operation)
                return;
            try {
                this.#perform(operation);
                if (operation.kind === 'append')
                    this.#full = false;
            }
            catch (error) {
                if (!(error instanceof DOMException))
                    throw error;
                if (error.name === 'QuotaExceededError')
                    return this.#makeRoom(operation);
                this.#queue = [];
                return this.broken();
            }
        }
    }
    #perform(operation) {
        if (operation.kind === 'append')
            this.source.appendBuffer(operation.bytes);
        else if (operation.kind === 'restart')
            this.source.abort();
        else if (operation.to_s > operation.from_s)
            this.source.remove(operation.from_s, operation.to_s);
    }
    #makeRoom(operation) {
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
