import { make, setText, show as setShown } from '../shared/dom.js';
import { currentLanguage, languageSwitch, loadTexts } from '../shared/language.js';
import { ask } from '../shared/problem.js';
import { dateText } from '../shared/timetext.js';
const POLL_MS = 15_000;
export class StentorShows extends HTMLElement {
    #texts = null;
    #shows = null;
    #silent = false;
    #list = make('ul', { class: 'list' });
    #said = make('p', { class: 'soft', role: 'status' });
    connectedCallback() {
        void this.#speak(currentLanguage());
        setInterval(() => document.visibilityState === 'visible' && void this.#refresh(), POLL_MS);
        document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && void this.#refresh());
    }
    async #speak(language) {
        const texts = await loadTexts(language);
        this.#texts = texts;
        document.title = `${texts.shows.title} · Stentor`;
        const change = languageSwitch(language, (other) => void this.#speak(other));
        this.replaceChildren(make('header', {}, make('h1', {}, texts.shows.title), change), make('main', {}, this.#list, this.#said));
        this.#update();
        await this.#refresh();
    }
    async #refresh() {
        if (!this.#texts)
            return;
        try {
            this.#shows = (await ask('/?list')).shows;
            this.#silent = false;
        }
        catch {
            this.#silent = true;
        }
        this.#update();
    }
    #update() {
        const texts = this.#texts;
        if (!texts)
            return;
        const shows = this.#shows ?? [];
        const focused = this.#list.contains(document.activeElement) ? document.activeElement?.getAttribute('href') : null;
        this.#list.replaceChildren(...shows.map((show) => row(show, texts)));
        if (focused)
            [...this.#list.querySelectorAll('a')].find((link) => link.getAttribute('href') === focused)?.focus();
        if (this.#silent)
            this.#say(texts.shows.silence);
        else
            this.#say(this.#shows?.length === 0 ? texts.shows.none : '');
    }
    #say(sentence) {
        setText(this.#said, sentence);
        setShown(this.#said, sentence !== '');
    }
}
function row(show, texts) {
    const soon = show.phase === 'announced' || show.phase === 'doors';
    const when = soon && show.starts_at !== null ? dateText(show.starts_at, texts.language, Date.now()) : '';
    const link = make('a', { href: `/${encodeURIComponent(show.id)}` }, make('span', { class: 'name' }, show.title || show.id), make('span', { class: 'soft' }, when));
    const badge = make('span', { class: show.phase === 'on_air' ? 'badge on' : 'badge' }, texts.shows.phase[show.phase]);
    return make('li', {}, link, badge);
}
customElements.define('stentor-shows', StentorShows);
