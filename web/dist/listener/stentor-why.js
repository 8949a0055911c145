import { make, setText } from '../shared/dom.js';
import { look, nothingFound } from './probe.js';
import { conclusionOf, stepsOf } from './why.js';
const SIGNS = { checking: '…', good: '✓', note: 'i', bad: '!', skipped: '–' };
export class StentorWhy extends HTMLElement {
    #looking = new AbortController();
    #heading = make('h2', { tabindex: -1, id: 'why' });
    #conclusion = make('p', { class: 'conclusion', role: 'status' });
    #list = make('ol');
    #again = make('button', { type: 'button', onclick: () => this.#look() });
    #close = make('button', { type: 'button', class: 'quiet', onclick: () => this.#actions?.closed() });
    #subject = null;
    #actions = null;
    #texts = null;
    connectedCallback() {
        this.append(make('section', { 'aria-labelledby': 'why' }, this.#heading, this.#conclusion, this.#list, make('p', { class: 'row' }, this.#again, this.#close)));
    }
    disconnectedCallback() {
        this.#looking.abort();
    }
    ask(subject, actions, texts) {
        this.#subject = subject;
        this.#actions = actions;
        this.#texts = texts;
        setText(this.#heading, texts.listener.why);
        setText(this.#again, texts.why.again);
        setText(this.#close, texts.why.close);
        this.#heading.focus();
        this.#look();
    }
    #look() {
        this.#looking.abort();
        this.#looking = new AbortController();
        this.#draw(nothingFound());
        if (this.#subject)
            void look(this.#subject, (found) => this.#draw(found), this.#looking.signal);
    }
    #draw(found) {
        if (!this.#texts)
            return;
        const steps = stepsOf(found, this.#texts);
        const t = this.#texts.why;
        setText(this.#conclusion, conclusionOf(steps, this.#texts) ?? t.checking);
        this.#list.replaceChildren(...steps.map((step) => this.#line(step, t)));
    }
    #line({ name, verdict, result, mend }, t) {
        const sign = make('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[verdict]);
        const said = make('span', { class: 'result' }, result || t.verdict[verdict]);
        const line = make('li', { class: verdict }, sign, make('span', { class: 'what' }, t.step[name]), said);
        line.dataset['step'] = name;
        line.dataset['verdict'] = verdict;
        if (mend)
            line.append(make('button', { type: 'button', onclick: () => this.#mend(mend) }, t.mend[mend]));
        return line;
    }
    #mend(mend) {
        const audio = this.#subject?.audio;
        if (!audio)
            return;
        if (mend === 'listen')
            this.#actions?.listen();
        else
            audio.muted = false;
        if (mend === 'louder')
            audio.volume = 1;
        this.#heading.focus();
        this.#look();
    }
}
customElements.define('stentor-why', StentorWhy);
