// <stentor-why>: the answer to "why can't I hear?", step by step. Loaded when it is asked for.

import { make, setText } from '../shared/dom.js';
import type { AllTexts } from './texts.js';
import { look, nothingFound, type Subject } from './probe.js';
import { conclusionOf, stepsOf, type Findings, type Mend, type Step } from './why.js';

export interface WhyActions {
  listen(): void;
  closed(): void;
}

const SIGNS = { checking: '…', good: '✓', note: 'i', bad: '!', skipped: '–' } as const;

export class StentorWhy extends HTMLElement {
  #looking = new AbortController();
  #heading = make('h2', { tabindex: -1, id: 'why' });
  // The steps come one by one; aloud only the conclusion is said.
  #conclusion = make('p', { class: 'conclusion', role: 'status' });
  #list = make('ol');
  #again = make('button', { type: 'button', onclick: () => this.#look() });
  #close = make('button', { type: 'button', class: 'quiet', onclick: () => this.#actions?.closed() });
  #subject: Subject | null = null;
  #actions: WhyActions | null = null;
  #texts: AllTexts | null = null;

  connectedCallback(): void {
    this.append(
      make('section', { 'aria-labelledby': 'why' }, this.#heading, this.#conclusion, this.#list, make('p', { class: 'row' }, this.#again, this.#close)),
    );
  }

  disconnectedCallback(): void {
    this.#looking.abort();
  }

  ask(subject: Subject, actions: WhyActions, texts: AllTexts): void {
    this.#subject = subject;
    this.#actions = actions;
    this.#texts = texts;
    setText(this.#heading, texts.listener.why);
    setText(this.#again, texts.why.again);
    setText(this.#close, texts.why.close);
    this.#heading.focus();
    this.#look();
  }

  #look(): void {
    this.#looking.abort();
    this.#looking = new AbortController();
    this.#draw(nothingFound());
    if (this.#subject) void look(this.#subject, (found) => this.#draw(found), this.#looking.signal);
  }

  #draw(found: Findings): void {
    if (!this.#texts) return;
    const steps = stepsOf(found, this.#texts);
    const t = this.#texts.why;
    setText(this.#conclusion, conclusionOf(steps, this.#texts) ?? t.checking);
    this.#list.replaceChildren(...steps.map((step) => this.#line(step, t)));
  }

  #line({ name, verdict, result, mend }: Step, t: AllTexts['why']): HTMLElement {
    const sign = make('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[verdict]);
    const said = make('span', { class: 'result' }, result || t.verdict[verdict]);
    const line = make('li', { class: verdict }, sign, make('span', { class: 'what' }, t.step[name]), said);
    line.dataset['step'] = name;
    line.dataset['verdict'] = verdict;
    if (mend) line.append(make('button', { type: 'button', onclick: () => this.#mend(mend) }, t.mend[mend]));
    return line;
  }

  #mend(mend: NonNullable<Mend>): void {
    const audio = this.#subject?.audio;
    if (!audio) return;
    if (mend === 'listen') this.#actions?.listen();
    else audio.muted = false;
    if (mend === 'louder') audio.volume = 1;
    this.#heading.focus();
    this.#look();
  }
}

customElements.define('stentor-why', StentorWhy);
