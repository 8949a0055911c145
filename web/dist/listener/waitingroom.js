import { HoldSound } from '../player/holdsound.js';
import { TicketHolder } from './ticket.js';
import { waitingOf, waitingSentence } from './waitingwords.js';
export class WaitingRoom {
    actions;
    #holder;
    #hold;
    #texts;
    #elsewhere = false;
    constructor(show, audio, actions, texts) {
        this.actions = actions;
        this.#texts = texts;
        this.#hold = new HoldSound(audio);
        setTimeout(() => this.#hold.prepare());
        this.#holder = new TicketHolder(show, () => actions.changed(), () => this.#onMoved());
    }
    get entry() {
        return { ...this.#holder.entry, hold: this.#hold };
    }
    get standing() {
        return this.#holder.standing;
    }
    speak(texts) {
        this.#texts = texts;
        this.actions.changed();
    }
    update(gate, player, silent) {
        if (player.phase !== 'stopped')
            this.#elsewhere = false;
        this.#holder.update(gate, player, silent);
    }
    sentence(facts, stage) {
        return waitingSentence(this.#waited, facts, stage, this.#texts);
    }
    waiting(facts, stage) {
        return waitingOf(this.#waited, facts, stage, this.#texts);
    }
    get kept() {
        const kind = this.standing?.kind;
        return kind === 'waiting' || kind === 'undrawn' ? this.#texts.kept : '';
    }
    get #waited() {
        return { standing: this.standing, elsewhere: this.#elsewhere };
    }
    #onMoved() {
        this.actions.stop();
        this.#elsewhere = true;
    }
}
