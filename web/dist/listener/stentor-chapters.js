import { make, setAttribute } from '../shared/dom.js';
import { clockText, spokenText } from '../shared/timetext.js';
import { chapterAt, chaptersOf } from './chapters.js';
export class StentorChapters extends HTMLElement {
    #heading = make('h2', { id: 'chapters' });
    #list = make('ol');
    #section = make('section', { 'aria-labelledby': 'chapters' }, this.#heading, this.#list);
    #chapters = [];
    #buttons = [];
    #made = '';
    connectedCallback() {
        this.append(this.#section);
    }
    update(marks, on_air_at_s, duration_s, texts, choose) {
        const made = [marks.length, on_air_at_s, duration_s.toFixed(1), texts.language].join();
        if (made === this.#made)
            return;
        this.#made = made;
        this.#chapters = chaptersOf(marks, on_air_at_s, duration_s);
        this.#heading.textContent = texts.listener.chapters;
        this.#section.hidden = this.#chapters.length === 0;
        this.#buttons = this.#chapters.map((chapter) => chapterButton(chapter, texts, choose));
        this.#list.replaceChildren(...this.#buttons.map((button) => make('li', {}, button)));
    }
    heard(show_s) {
        const current = chapterAt(this.#chapters, show_s);
        this.#buttons.forEach((button, i) => setAttribute(button, 'aria-current', i === current ? 'true' : null));
    }
}
function chapterButton({ start_s, names }, texts, choose) {
    return make('button', { type: 'button', onclick: () => choose(start_s) }, make('span', { class: 'at', 'aria-hidden': 'true' }, clockText(start_s)), make('span', { class: 'names' }, names.join(', ')), make('span', { class: 'unseen' }, texts.listener.chapterAt(spokenText(start_s, texts.language))));
}
customElements.define('stentor-chapters', StentorChapters);
