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
        const raising = { step: 'raising' };
        this.#become(raising);
        try {
            const json = note === '' ? { name } : { name, note };
            const { token, place } = await ask(this.hands, { method: 'POST', json });
            if (this.#state !== raising)
                return this.#takeDown(token);
            this.#token = token;
            this.#become({ step: 'waiting', place });
        }
        catch (error) {
            if (!(error instanceof Problem))
                throw error;
            if (this.#state === raising)
                this.#become({ step: 'refused', problem: error });
        }
    }
    lower() {
        const { step } = this.#state;
        if (step === 'waiting' || step === 'accepted')
            this.#takeDown(this.#token);
        this.#become({ step: 'down' });
    }
    #takeDown(token) {
        ask(this.#address(token), { method: 'DELETE' }).catch(() => undefined);
    }
    #address(token) {
        return `${this.hands}/${encodeURIComponent(token)}`;
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
            const answer = await ask(this.#address(this.#token));
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
