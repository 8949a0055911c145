// <stentor-chapters>: the recording by who speaks. Loaded with the recording.

import { make, setAttribute } from '../shared/dom.js';
import type { Texts } from './texts.js';
import { clockText, spokenText } from '../shared/timetext.js';
import { chapterAt, chaptersOf, type Chapter } from './chapters.js';
import type { Mark } from '../shared/documents.js';

export class StentorChapters extends HTMLElement {
  #heading = make('h2', { id: 'chapters' });
  #list = make('ol');
  #section = make('section', { 'aria-labelledby': 'chapters' }, this.#heading, this.#list);
  #chapters: Chapter[] = [];
  #buttons: HTMLButtonElement[] = [];
  #made = '';

  connectedCallback(): void {
    this.append(this.#section);
  }

  /** `choose` is told the second of the show at which a pressed chapter begins. */
  update(marks: readonly Mark[], on_air_at_s: number, duration_s: number, texts: Texts, choose: (show_s: number) => void): void {
    const made = [marks.length, on_air_at_s, duration_s.toFixed(1), texts.language].join();
    if (made === this.#made) return;
    this.#made = made;
    this.#chapters = chaptersOf(marks, on_air_at_s, duration_s);
    this.#heading.textContent = texts.listener.chapters;
    this.#section.hidden = this.#chapters.length === 0;
    this.#buttons = this.#chapters.map((chapter) => chapterButton(chapter, texts, choose));
    this.#list.replaceChildren(...this.#buttons.map((button) => make('li', {}, button)));
  }

  /** The chapter that is heard. */
  heard(show_s: number): void {
    const current = chapterAt(this.#chapters, show_s);
    this.#buttons.forEach((button, i) => setAttribute(button, 'aria-current', i === current ? 'true' : null));
  }
}

function chapterButton({ start_s, names }: Chapter, texts: Texts, choose: (show_s: number) => void): HTMLButtonElement {
  return make(
    'button',
    { type: 'button', onclick: () => choose(start_s) },
    make('span', { class: 'at', 'aria-hidden': 'true' }, clockText(start_s)),
    make('span', { class: 'names' }, names.join(', ')),
    make('span', { class: 'unseen' }, texts.listener.chapterAt(spokenText(start_s, texts.language))),
  );
}

customElements.define('stentor-chapters', StentorChapters);
