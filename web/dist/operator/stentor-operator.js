import { make, setAttribute, setText, show as setShown } from '../shared/dom.js';
import { keepFocus } from '../shared/focus.js';
import { takeKey } from '../shared/fragment.js';
import { currentLanguage, languageSwitch, loadTexts } from '../shared/language.js';
import { Problem } from '../shared/problem.js';
import { keepTyped } from '../shared/typed.js';
import { createForm } from './createform.js';
import { Desk } from './desk.js';
import { ShowCard } from './showcard.js';
import { explain } from './validity.js';
import { warningText } from './warning.js';
const POLL_MS = 2_000;
const SILENT_MS = 5_000;
export class StentorOperator extends HTMLElement {
    #key = takeKey();
    #desk = new Desk((problem) => this.#lost(problem));
    #texts = null;
    #answer = null;
    #answered_at = 0;
    #server_ahead_ms = 0;
    #refreshing = null;
    #acting = false;
    #cards = new Map();
    #list = make('div', { class: 'shows' });
    #problem = make('p', { class: 'problem', role: 'alert' });
    #warnings = make('div', { role: 'status' });
    #warned = '[]';
    connectedCallback() {
        void this.#speak(currentLanguage());
        setInterval(() => document.visibilityState === 'visible' && this.#tick(), POLL_MS);
        document.addEventListener('visibilitychange', () => void this.#refresh());
        window.addEventListener('hashchange', () => {
            this.#key = takeKey();
            if (this.#key === null)
                return;
            this.#desk.leave();
            this.#draw();
        });
    }
    async #speak(language) {
        this.#texts = await loadTexts(language);
        keepTyped(this, () => this.#draw());
        await this.#refresh();
    }
    #draw() {
        const texts = this.#texts;
        if (!texts)
            return;
        const t = texts.operator;
        document.title = `${t.title} · Stentor`;
        const change = languageSwitch(texts.language, (language) => void this.#speak(language));
        const inside = this.#desk.entered && this.#key === null;
        const leave = make('button', { type: 'button', class: 'quiet', onclick: () => this.#leave() }, t.leave);
        this.#cards.clear();
        this.#list.replaceChildren();
        this.#warnings.replaceChildren();
        this.#warned = '[]';
        this.#say('');
        this.replaceChildren(make('header', {}, make('h1', {}, t.title), make('div', { class: 'row' }, ...(inside ? [leave] : []), change)), make('main', {}, this.#problem, ...(inside ? [this.#warnings, this.#list, createForm(texts, (show) => this.#create(show))] : [this.#entrance(texts)])));
        if (inside)
            this.#update();
    }
    #entrance(texts) {
        const t = texts.operator;
        const key = make('input', { type: 'password', id: 'key', required: true, autocomplete: 'off', value: this.#key ?? '' });
        explain(key, t.keyMissing);
        const submitted = (event) => {
            event.preventDefault();
            void this.#enter(key.value.trim());
        };
        return make('form', { class: 'entrance', onsubmit: submitted }, make('label', { for: 'key' }, t.key), key, make('p', { class: 'soft small' }, t.keyHint), make('button', { type: 'submit', class: 'primary' }, t.enter));
    }
    #enter(key) {
        return this.#act(async () => {
            await this.#desk.enter(key);
            this.#key = null;
            this.#draw();
        });
    }
    #leave() {
        this.#desk.leave();
        this.#answer = null;
        this.#draw();
    }
    #lost(problem) {
        this.#answer = null;
        this.#draw();
        this.#say(this.#sentence(problem));
    }
    #tick() {
        void this.#refresh();
        this.#update();
    }
    #refresh() {
        this.#refreshing ??= this.#read().finally(() => { this.#refreshing = null; });
        return this.#refreshing;
    }
    async #read() {
        if (!this.#desk.entered || this.#key !== null)
            return;
        try {
            this.#answer = await this.#desk.shows();
            this.#answered_at = Date.now();
            this.#server_ahead_ms = this.#answer.now - this.#answered_at;
            if (this.#silent)
                this.#say('');
            this.#update();
        }
        catch (error) {
            if (error instanceof Problem && error.status === 401)
                return;
            this.#say(this.#sentence(error));
            this.#silent = true;
        }
    }
    #silent = false;
    async #act(action) {
        if (this.#acting)
            return false;
        this.#setActing(true);
        try {
            await action();
            this.#say('');
            await this.#refreshing;
            await this.#refresh();
            return true;
        }
        catch (error) {
            this.#say(this.#sentence(error));
            this.#silent = error instanceof Problem && error.unreachable;
            return false;
        }
        finally {
            this.#setActing(false);
        }
    }
    #setActing(acting) {
        this.#acting = acting;
        this.classList.toggle('acting', acting);
        for (const button of this.querySelectorAll('main button'))
            setAttribute(button, 'aria-disabled', acting ? 'true' : null);
    }
    #create(show) {
        return this.#act(() => this.#desk.create(show));
    }
    #update() {
        const texts = this.#texts;
        if (!texts || !this.#answer)
            return;
        const { shows, warnings } = this.#answer;
        this.#warn(warnings, texts);
        keepFocus(this.#list, () => this.#drop(shows.map(({ id }) => id)), () => [...this.querySelectorAll('.show button, summary')]);
        this.#list.querySelector('.none')?.remove();
        const here = Date.now();
        const now = here + this.#server_ahead_ms;
        const silent_since = here - this.#answered_at > SILENT_MS ? this.#answered_at : null;
        for (const show of shows)
            this.#card(show.id, texts).update(show, { now, silent_since });
        if (shows.length === 0)
            this.#list.append(make('p', { class: 'none soft' }, texts.operator.none));
    }
    #drop(known) {
        for (const [id, card] of this.#cards) {
            if (known.includes(id))
                continue;
            card.root.remove();
            this.#cards.delete(id);
        }
    }
    #warn(warnings, texts) {
        const told = JSON.stringify(warnings);
        if (told === this.#warned)
            return;
        this.#warned = told;
        this.#warnings.replaceChildren(...warnings.map((warning) => make('p', { class: 'problem' }, ...warningOf(warning, texts))));
    }
    #card(id, texts) {
        const known = this.#cards.get(id);
        if (known)
            return known;
        const desk = this.#desk;
        const card = new ShowCard(texts, id, {
            turn: (to) => void this.#act(() => desk.turn(id, to)),
            remove: () => void this.#act(() => desk.remove(id)),
            invite: (role, label) => this.#act(() => desk.invite(id, role, label)),
            revoke: (link) => void this.#act(() => desk.revoke(id, link.id)),
        });
        this.#cards.set(id, card);
        this.#list.append(card.root);
        return card;
    }
    #say(sentence) {
        this.#silent = false;
        setText(this.#problem, sentence);
        setShown(this.#problem, sentence !== '');
    }
    #sentence(error) {
        const texts = this.#texts;
        if (!texts)
            return '';
        const { silence, refusals, refused } = texts.operator;
        if (!(error instanceof Problem) || error.unreachable)
            return silence;
        const words = texts.language === 'en' ? error.detail || error.title : '';
        return refusals[error.reason] || words || refused(error.status);
    }
}
function warningOf(warning, texts) {
    const known = warningText(warning, texts);
    return known === null ? [`${texts.operator.saysInEnglish} `, make('span', { lang: 'en' }, warning.text)] : [known];
}
customElements.define('stentor-operator', StentorOperator);
