import { make, setAttribute, setText, show } from '../shared/dom.js';
import { invitationFor } from '../shared/fragment.js';
import { recall, remember } from '../shared/memory.js';
import { Hand } from './hand.js';
const NAME_CHARS_MAX = 40;
const NOTE_CHARS_MAX = 140;
export class StentorHand extends HTMLElement {
    #hand = null;
    #actions = null;
    #texts = null;
    #step = 'down';
    #line = make('p', { class: 'hand-line', role: 'status' });
    #down = make('button', { type: 'button', onclick: () => this.#lower() });
    #enterHere = make('a', { class: 'enter' });
    #inPage = make('div', { class: 'hand' }, this.#line, this.#enterHere, this.#down);
    #heading = make('h2', { id: 'hand' });
    #text = make('p', { id: 'hand-text' });
    #nameLabel = make('span');
    #name = make('input', { type: 'text', required: true, maxlength: NAME_CHARS_MAX, autocomplete: 'name' });
    #noteLabel = make('span');
    #note = make('input', { type: 'text', maxlength: NOTE_CHARS_MAX });
    #refusal = make('p', { class: 'refusal', role: 'alert' });
    #raise = make('button', { type: 'submit', class: 'primary' });
    #form = make('form', {}, make('label', {}, this.#nameLabel, this.#name), make('label', {}, this.#noteLabel, this.#note), this.#refusal, this.#raise);
    #enter = make('a', { class: 'enter' });
    #cancel = make('button', { type: 'button', class: 'quiet', onclick: () => this.#onCancel() });
    #dialog = make('dialog', { 'aria-labelledby': 'hand', 'aria-describedby': 'hand-text' }, this.#heading, this.#text, this.#form, this.#enter, this.#cancel);
    constructor() {
        super();
        this.#form.addEventListener('submit', (event) => {
            event.preventDefault();
            const name = this.#name.value.trim();
            if (name === '')
                return;
            remember('name', name);
            void this.#hand?.raise(name, this.#note.value.trim());
        });
        this.#dialog.addEventListener('close', () => this.#onClosed());
        this.#name.value = recall('name') ?? '';
    }
    connectedCallback() {
        if (!this.contains(this.#dialog))
            this.append(this.#inPage, this.#dialog);
    }
    open(show, actions, texts) {
        this.speak(texts);
        this.#actions = actions;
        this.#hand ??= new Hand(`/${show}/hand`, () => this.#draw());
        this.#draw();
        this.#showDialog();
    }
    speak(texts) {
        this.#texts = texts;
        const t = texts.hand;
        setText(this.#nameLabel, t.name);
        setText(this.#noteLabel, t.note);
        setText(this.#raise, texts.listener.hand);
        setText(this.#enter, t.enter);
        setText(this.#enterHere, t.enter);
        if (this.#hand)
            this.#draw();
    }
    #lower() {
        this.#hand?.lower();
        this.#actions?.lowered();
    }
    #onCancel() {
        const step = this.#hand?.state.step;
        this.#dialog.close();
        if (step === 'accepted' || step === 'raising')
            this.#lower();
    }
    #onClosed() {
        const step = this.#hand?.state.step;
        if (step === 'accepted')
            this.#enterHere.focus();
        if (step === 'refused' || step === 'declined' || step === 'gone')
            this.#hand?.lower();
    }
    #draw() {
        const state = this.#hand?.state;
        if (!state || !this.#texts)
            return;
        const t = this.#texts.hand;
        const waiting = state.step === 'waiting';
        const accepted = state.step === 'accepted';
        const up = waiting || accepted;
        const form = state.step === 'down' || state.step === 'raising' || state.step === 'refused';
        show(this.#inPage, up);
        setText(this.#line, waiting ? t.waiting(state.place) : accepted ? t.heading.accepted : '');
        setText(this.#down, accepted ? t.decline : t.down);
        setText(this.#heading, t.heading[state.step]);
        setText(this.#text, t.text[state.step]);
        show(this.#form, form);
        this.#raise.disabled = state.step === 'raising';
        setText(this.#refusal, state.step === 'refused' ? state.problem.sentence(this.#texts.why.serverSilent, this.#texts.refusals) : '');
        const studio = accepted ? invitationFor(state.studio_url, this.#name.value.trim()) : null;
        for (const enter of [this.#enter, this.#enterHere]) {
            show(enter, accepted);
            setAttribute(enter, 'href', studio);
        }
        setText(this.#cancel, accepted ? t.decline : form ? t.cancel : t.close);
        this.#openOrClose(state);
        this.#actions?.changed(up);
    }
    #openOrClose({ step }) {
        if (step === this.#step)
            return;
        this.#step = step;
        if (step === 'waiting' && this.#dialog.open) {
            this.#dialog.close();
            this.#down.focus();
        }
        if (step === 'accepted' || step === 'refused' || step === 'declined' || step === 'gone')
            this.#showDialog();
    }
    #showDialog() {
        if (!this.#dialog.open)
            this.#dialog.showModal();
    }
}
customElements.define('stentor-hand', StentorHand);
