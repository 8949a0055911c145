// <stentor-hand>: raising a hand, waiting with it, and the host's answer. Loaded when the button is pressed.

import { make, setAttribute, setText, show } from '../shared/dom.js';
import type { AllTexts } from './texts.js';
import { invitationFor } from '../shared/fragment.js';
import { recall, remember } from '../shared/memory.js';
import { Hand, type HandState } from './hand.js';

/** As many as the server takes. */
const NAME_CHARS_MAX = 40;
const NOTE_CHARS_MAX = 140;

export interface HandActions {
  /** The hand went up, or came down. */
  changed(raised: boolean): void;
  /** It was taken down by the button that had the focus and is gone with it. */
  lowered(): void;
}

export class StentorHand extends HTMLElement {
  #hand: Hand | null = null;
  #actions: HandActions | null = null;
  #texts: AllTexts | null = null;
  /** What was drawn last: a dialog that was closed does not open again by itself. */
  #step: HandState['step'] = 'down';
  // The place in the queue changes often; aloud it is said when it changes, and nothing else is.
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
      if (name === '') return;
      remember('name', name);
      void this.#hand?.raise(name, this.#note.value.trim());
    });
    this.#dialog.addEventListener('close', () => this.#onClosed());
    this.#name.value = recall<string>('name') ?? '';
  }

  /** Also when it is moved, because the page was built anew in another language. */
  connectedCallback(): void {
    if (!this.contains(this.#dialog)) this.append(this.#inPage, this.#dialog);
  }

  /** Asks for a name, unless a hand is up already. */
  open(show: string, actions: HandActions, texts: AllTexts): void {
    this.speak(texts);
    this.#actions = actions;
    this.#hand ??= new Hand(`/${show}/hand`, () => this.#draw());
    this.#draw();
    this.#showDialog();
  }

  speak(texts: AllTexts): void {
    this.#texts = texts;
    const t = texts.hand;
    setText(this.#nameLabel, t.name);
    setText(this.#noteLabel, t.note);
    setText(this.#raise, texts.listener.hand);
    setText(this.#enter, t.enter);
    setText(this.#enterHere, t.enter);
    if (this.#hand) this.#draw();
  }

  #lower(): void {
    this.#hand?.lower();
    this.#actions?.lowered();
  }

  /** No to the host's yes is told to the host, and a hand on its way is taken back; everything else only closes the dialog. */
  #onCancel(): void {
    const step = this.#hand?.state.step;
    this.#dialog.close();
    if (step === 'accepted' || step === 'raising') this.#lower();
  }

  /** By Esc, or because there is something else to see. What the host said yes to stays, in the page. */
  #onClosed(): void {
    const step = this.#hand?.state.step;
    if (step === 'accepted') this.#enterHere.focus();
    if (step === 'refused' || step === 'declined' || step === 'gone') this.#hand?.lower();
  }

  #draw(): void {
    const state = this.#hand?.state;
    if (!state || !this.#texts) return;
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

  /** The queue waits in the page; an answer comes before the listener's eyes. */
  #openOrClose({ step }: HandState): void {
    if (step === this.#step) return;
    this.#step = step;
    if (step === 'waiting' && this.#dialog.open) {
      this.#dialog.close();
      this.#down.focus();
    }
    if (step === 'accepted' || step === 'refused' || step === 'declined' || step === 'gone') this.#showDialog();
  }

  #showDialog(): void {
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}

customElements.define('stentor-hand', StentorHand);
