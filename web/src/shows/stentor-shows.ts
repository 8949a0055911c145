// <stentor-shows>: what there is to hear at this address.

import { make, setText, show as setShown } from '../shared/dom.js';
import type { ShowsDocument } from '../shared/documents.js';
import { currentLanguage, languageSwitch, loadTexts, type Language, type Texts } from '../shared/language.js';
import { ask } from '../shared/problem.js';
import { dateText } from '../shared/timetext.js';

const POLL_MS = 15_000;

export class StentorShows extends HTMLElement {
  #texts: Texts | null = null;
  /** What the server answered last. */
  #shows: ShowsDocument['shows'] | null = null;
  #silent = false;
  #list = make('ul', { class: 'list' });
  #said = make('p', { class: 'soft', role: 'status' });

  connectedCallback(): void {
    void this.#speak(currentLanguage());
    setInterval(() => document.visibilityState === 'visible' && void this.#refresh(), POLL_MS);
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && void this.#refresh());
  }

  async #speak(language: Language): Promise<void> {
    const texts = await loadTexts(language);
    this.#texts = texts;
    document.title = `${texts.shows.title} · Stentor`;
    const change = languageSwitch(language, (other) => void this.#speak(other));
    this.replaceChildren(
      make('header', {}, make('h1', {}, texts.shows.title), change),
      make('main', {}, this.#list, this.#said),
    );
    this.#update();
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    if (!this.#texts) return;
    try {
      // An address of its own for the cache, so that "back" never shows JSON in place of the page.
      this.#shows = (await ask<ShowsDocument>('/?list')).shows;
      this.#silent = false;
    } catch {
      this.#silent = true;
    }
    this.#update();
  }

  /** By the texts of now: the language may have changed while the server was asked. */
  #update(): void {
    const texts = this.#texts;
    if (!texts) return;
    const shows = this.#shows ?? [];
    const focused = this.#list.contains(document.activeElement) ? document.activeElement?.getAttribute('href') : null;
    this.#list.replaceChildren(...shows.map((show) => row(show, texts)));
    if (focused) [...this.#list.querySelectorAll('a')].find((link) => link.getAttribute('href') === focused)?.focus();
    if (this.#silent) this.#say(texts.shows.silence);
    else this.#say(this.#shows?.length === 0 ? texts.shows.none : '');
  }

  #say(sentence: string): void {
    setText(this.#said, sentence);
    setShown(this.#said, sentence !== '');
  }
}

function row(show: ShowsDocument['shows'][number], texts: Texts): HTMLElement {
  const soon = show.phase === 'announced' || show.phase === 'doors';
  const when = soon && show.starts_at !== null ? dateText(show.starts_at, texts.language, Date.now()) : '';
  const link = make('a', { href: `/${encodeURIComponent(show.id)}` }, make('span', { class: 'name' }, show.title || show.id), make('span', { class: 'soft' }, when));
  const badge = make('span', { class: show.phase === 'on_air' ? 'badge on' : 'badge' }, texts.shows.phase[show.phase]);
  return make('li', {}, link, badge);
}

customElements.define('stentor-shows', StentorShows);
