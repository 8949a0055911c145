import { Backoff } from '../shared/backoff.js';
import { forget, recall, remember } from '../shared/memory.js';
import { ask, Problem } from '../shared/problem.js';
import { isLost, readTicket, standingOf, turnOf } from './gate.js';
const SPREAD_MS = 5_000;
const CLAIM_S_MAX = 8;
const TAKE_S_MAX = 30;
const RETURNS_MAX = 4;
export class TicketHolder {
    show;
    changed;
    moved;
    spread_ms;
    #kept = null;
    #ticket = null;
    #turn = null;
    #gate = null;
    #silent = false;
    #wanted = false;
    #heard = false;
    #returns = false;
    #tries = 0;
    #full = false;
    #denied = false;
    #doubts = false;
    #called = false;
    #losses = 0;
    #refusal = null;
    #reconnects = 0;
    #busy = false;
    #pause_s = null;
    #takes = new Backoff(1, TAKE_S_MAX);
    #claims = new Backoff(1, CLAIM_S_MAX);
    constructor(show, changed, moved, spread_ms = SPREAD_MS) {
        this.show = show;
        this.changed = changed;
        this.moved = moved;
        this.spread_ms = spread_ms;
        window.addEventListener('storage', ({ key }) => key === `stentor.${this.#name}` && this.#onOtherPage());
    }
    get standing() {
        if (!this.#gate)
            return null;
        const standing = this.#called ? { kind: 'called' } : standingOf(this.#gate, this.#ticket, this.#turn);
        return this.#denied && standing.kind === 'called' ? { kind: 'waiting', before: 0, wait_s: null } : standing;
    }
    get entry() {
        const kind = this.standing?.kind ?? 'open';
        const refused = this.#gate !== null && (this.#denied || (this.#full && !this.#kept));
        const returns = kind === 'unticketed' && this.#returns;
        return { ticket: this.#kept?.text ?? null, held: refused || !(returns || kind === 'open' || kind === 'called') };
    }
    update(gate, player, silent) {
        this.#gate = gate;
        this.#silent = silent;
        if (gate && this.#kept?.commitment !== gate.commitment)
            this.#takeUp(recall(this.#name));
        this.#hear(player);
        if (!gate)
            return;
        if (gate.draw && this.#ticket && !this.#turn && canRank())
            void this.#rank(this.#ticket, gate.draw.key);
        this.#plan();
    }
    get #name() {
        return `ticket.${this.show}`;
    }
    #hear({ phase, refusal, reconnects, retry_at, mode, first_sound_ms }) {
        this.#wanted = !['stopped', 'ended', 'failed', 'paused'].includes(phase);
        const heard = (phase === 'playing' || phase === 'buffering') && retry_at === null;
        const isElement = mode === 'hls' || mode === 'progressive';
        if (heard) {
            this.#tries = 0;
            this.#full = this.#denied = this.#doubts = false;
            this.#takes.reset();
            this.#claims.reset();
            if (!this.#heard && this.#kept)
                remember(this.#name, (this.#kept = { ...this.#kept, used_at: Date.now() }));
        }
        this.#heard = heard;
        if (reconnects > this.#reconnects && isElement) {
            this.#doubts = true;
            if (!this.#silent)
                this.#tries += 1;
        }
        this.#reconnects = reconnects;
        if (refusal && refusal !== this.#refusal) {
            this.#refusal = refusal;
            this.#onRefusal(refusal);
        }
        this.#returns = this.#wanted && !heard && first_sound_ms !== null && !this.#full && this.#tries <= RETURNS_MAX;
    }
    #onRefusal({ reason, retry_after_s }) {
        if (reason === 'full')
            this.#full = !this.#kept;
        else if (reason === 'not_your_turn') {
            this.#denied = true;
            this.#called = false;
            this.#pause_s = this.#claims.next(retry_after_s);
        }
        this.#dropIf(reason);
    }
    #dropIf(reason) {
        const is = reason === 'ticket_invalid' || reason === 'ticket_spent';
        if (!is)
            return false;
        if (recall(this.#name)?.text === this.#kept?.text)
            forget(this.#name);
        this.#takeUp(null);
        this.#pause_s = this.#takes.next();
        return true;
    }
    #takeUp(kept) {
        const ticket = kept && kept.commitment === this.#gate?.commitment ? readTicket(kept.text) : null;
        this.#kept = ticket && kept;
        this.#ticket = ticket;
        this.#turn = null;
        this.#losses = 0;
        this.#called = this.#denied = this.#doubts = false;
    }
    #onOtherPage() {
        const kept = recall(this.#name);
        if (!kept)
            return;
        if (kept.text !== this.#kept?.text) {
            if (!this.#heard)
                this.#takeUp(kept);
        }
        else if ((kept.used_at ?? 0) > (this.#kept.used_at ?? 0)) {
            this.#kept = kept;
            if (this.#wanted)
                this.moved();
        }
        this.changed();
    }
    async #rank(ticket, key) {
        const turn = await turnOf(ticket, key);
        if (this.#ticket !== ticket || this.#turn)
            return;
        this.#turn = turn;
        this.changed();
    }
    #wish() {
        const gate = this.#gate;
        const ticket = this.#ticket;
        if (!gate || this.#silent)
            return null;
        if (!ticket) {
            const isHere = this.#wanted || document.visibilityState === 'visible';
            const isNeeded = this.#wanted && !this.#heard && !this.#returns && (!gate.open || this.#full);
            return (gate.draw || gate.open ? isNeeded : isHere) ? 'ticket' : null;
        }
        const losses = gate.lanes[ticket.lane]?.lost.length ?? 0;
        const unknown = gate.draw !== null && !this.#turn && !this.#called && !canRank();
        const claims = unknown || this.#denied || this.#doubts || (losses > this.#losses && isLost(gate, ticket));
        return claims ? 'claim' : null;
    }
    #plan() {
        const wish = this.#wish();
        if (this.#busy || !wish)
            return;
        this.#busy = true;
        const own = wish === 'ticket' && this.#gate?.draw;
        const wait_ms = this.#pause_s !== null ? this.#pause_s * 1000 : own ? 0 : this.spread_ms * Math.random();
        this.#pause_s = null;
        setTimeout(() => void this.#ask(), wait_ms);
    }
    async #ask() {
        const wish = this.#wish();
        try {
            if (wish === 'ticket')
                await this.#take();
            else if (wish === 'claim' && this.#kept)
                await this.#claim(this.#kept.text);
        }
        catch (error) {
            if (!(error instanceof Problem))
                throw error;
            const backoff = wish === 'claim' ? this.#claims : this.#takes;
            if (!this.#dropIf(error.reason))
                this.#pause_s = backoff.next(error.retry_after_s);
        }
        finally {
            this.#busy = false;
        }
        this.changed();
    }
    async #take() {
        const commitment = this.#gate?.commitment ?? '';
        this.#takeUp(recall(this.#name));
        if (this.#ticket)
            return;
        const { ticket: text } = await ask(`/${this.show}/ticket`, { method: 'POST' });
        this.#takeUp({ text, commitment });
        if (this.#kept)
            remember(this.#name, this.#kept);
        else
            this.#pause_s = this.#takes.next();
    }
    async #claim(text) {
        const losses = this.#gate?.lanes[this.#ticket?.lane ?? 0]?.lost.length ?? 0;
        const answer = await ask(`/${this.show}/claim`, { method: 'POST', token: text });
        if (text !== this.#kept?.text)
            return;
        this.#losses = losses;
        this.#denied = this.#doubts = false;
        this.#called = answer.state === 'called';
        if (answer.state === 'called')
            return;
        if (answer.turn)
            this.#turn = answer.turn;
        else
            this.#pause_s = this.#claims.next();
    }
}
function canRank() {
    return globalThis.crypto?.subtle !== undefined;
}
