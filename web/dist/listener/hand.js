import { addressOf } from '../shared/older.js';
import { ask, Problem } from '../shared/problem.js';
const POLL_MS = 5_000;
export class Hand {
    hands;
    changed;
    poll_ms;
    #state = { step: 'down' };
    #token = '';
    #timer;
    constructor(hands, changed, poll_ms = POLL_MS) {
        this.hands = hands;
        this.changed = changed;
        this.poll_ms = poll_ms;
    }
    get state() {
        return this.#state;
    }
    async raise(name, note) {
        this.#become({ step: 'raising' });
        try {
            const json = note === '' ? { name } : { name, note };
            const { token, place } = await ask(this.hands, { method: 'POST', json });
            this.#token = token;
            this.#become({ step: 'waiting', place });
        }
        catch (error) {
            if (!(error instanceof Problem))
                throw error;
            this.#become({ step: 'refused', problem: error });
        }
    }
    lower() {
        const { step } = this.#state;
        if (step === 'waiting' || step === 'accepted')
            ask(this.#address, { method: 'DELETE' }).catch(() => undefined);
        this.#become({ step: 'down' });
    }
    get #address() {
        return `${this.hands}/${encodeURIComponent(this.#token)}`;
    }
    #become(state) {
        clearTimeout(this.#timer);
        this.#state = state;
        if (state.step === 'waiting')
            this.#timer = setTimeout(() => void this.#poll(), this.poll_ms);
        this.changed();
    }
    async #poll() {
        const before = this.#state;
        const next = await this.#answer(before);
        if (this.#state === before)
            this.#become(next);
    }
    async #answer(before) {
        try {
            const answer = await ask(this.#address);
            if (answer.state === 'waiting')
                return { step: 'waiting', place: answer.place };
            if (answer.state === 'declined')
                return { step: 'declined' };
            return isPage(answer.studio_url) ? { step: 'accepted', studio_url: answer.studio_url } : { step: 'gone' };
        }
        catch (error) {
            const gone = error instanceof Problem && error.status === 404;
            return gone ? { step: 'gone' } : { ...before };
        }
    }
}
function isPage(url) {
    return /^https?:$/.test(addressOf(url)?.protocol ?? '');
}
