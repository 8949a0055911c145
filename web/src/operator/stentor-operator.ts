// <stentor-operator>: the desk's page. It asks for the shows every two seconds while it is looked at.

import { make, setText, show as setShown } from '../shared/dom.js';
import type { DeskShow } from '../shared/documents.js';
import { takeKey } from '../shared/fragment.js';
import { currentLanguage, languageSwitch, loadTexts, type Language, type Texts } from '../shared/language.js';
import { Problem } from '../shared/problem.js';
import { createForm } from './createform.js';
import { Desk, type NewShow } from './desk.js';
import { ShowCard } from './showcard.js';

const POLL_MS = 2_000;

export class StentorOperator extends HTMLElement {
  #key = takeKey();
  #desk = new Desk(Date.now(), (problem) => this.#lost(problem));
  #texts: Texts | null = null;
  #shows: DeskShow[] | null = null;
  #cards = new Map<string, ShowCard>();
  #list = make('div', { class: 'shows' });
  #problem = make('p', { class: 'problem', role: 'alert' });

  connectedCallback(): void {
    void this.#speak(currentLanguage());
    setInterval(() => document.visibilityState === 'visible' && void this.#refresh(), POLL_MS);
    document.addEventListener('visibilitychange', () => void this.#refresh());
    window.addEventListener('hashchange', () => {
      this.#key = takeKey();
      if (this.#key === null) return;
      this.#desk.leave();
      this.#draw();
    });
  }

  async #speak(language: Language): Promise<void> {
    this.#texts = await loadTexts(language);
    this.#draw();
    await this.#refresh();
  }

  #draw(): void {
    const texts = this.#texts;
    if (!texts) return;
    const t = texts.operator;
    document.title = `${t.title} · Stentor`;
    const change = languageSwitch(texts.language as Language, (language) => void this.#speak(language));
    // With a key in the link, the press on Enter is all that is needed.
    const inside = this.#desk.entered && this.#key === null;
    const leave = make('button', { type: 'button', class: 'quiet', onclick: () => this.#leave() }, t.leave);
    this.#cards.clear();
    this.#list.replaceChildren();
    this.#say('');
    this.replaceChildren(
      make('header', {}, make('h1', {}, t.title), make('div', { class: 'row' }, ...(inside ? [leave] : []), change)),
      make('main', {}, this.#problem, ...(inside ? [this.#list, createForm(texts, (show) => this.#create(show))] : [this.#entrance(texts)])),
    );
    if (inside) this.#update();
  }

  #entrance(texts: Texts): HTMLElement {
    const t = texts.operator;
    const key = make('input', { type: 'password', id: 'key', required: true, autocomplete: 'off', value: this.#key ?? '' });
    const submitted = (event: Event): void => {
      event.preventDefault();
      void this.#enter(key.value.trim());
    };
    return make(
      'form',
      { class: 'entrance', onsubmit: submitted },
      make('label', { for: 'key' }, t.key),
      key,
      make('p', { class: 'soft small' }, t.keyHint),
      make('button', { type: 'submit', class: 'primary' }, t.enter),
    );
  }

  async #enter(key: string): Promise<void> {
    try {
      await this.#desk.enter(key);
      this.#key = null;
      this.#draw();
      await this.#refresh();
    } catch (error) {
      this.#say(this.#sentence(error));
    }
  }

  #leave(): void {
    this.#desk.leave();
    this.#shows = null;
    this.#draw();
  }

  #lost(problem: Problem): void {
    this.#shows = null;
    this.#draw();
    this.#say(this.#sentence(problem));
  }

  async #refresh(): Promise<void> {
    if (!this.#desk.entered || this.#key !== null) return;
    try {
      this.#shows = await this.#desk.shows();
      if (this.#silent) this.#say('');
      this.#update();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return;
      this.#say(this.#sentence(error));
      this.#silent = true;
    }
  }

  /** The sentence that is shown is about the desk being away, and goes when it answers. */
  #silent = false;

  /** Does something and shows what came of it; true when it worked. */
  async #act(action: () => Promise<unknown>): Promise<boolean> {
    let worked = true;
    try {
      await action();
      this.#say('');
    } catch (error) {
      worked = false;
      this.#say(this.#sentence(error));
    }
    await this.#refresh();
    return worked;
  }

  #create(show: NewShow): Promise<boolean> {
    return this.#act(() => this.#desk.create(show));
  }

  #update(): void {
    const texts = this.#texts;
    const shows = this.#shows;
    if (!texts || !shows) return;
    for (const [id, card] of this.#cards) {
      if (shows.some((show) => show.id === id)) continue;
      card.root.remove();
      this.#cards.delete(id);
    }
    this.#list.querySelector('.none')?.remove();
    for (const show of shows) this.#card(show.id, texts).update(show, Date.now());
    if (shows.length === 0) this.#list.append(make('p', { class: 'none soft' }, texts.operator.none));
  }

  #card(id: string, texts: Texts): ShowCard {
    const known = this.#cards.get(id);
    if (known) return known;
    const desk = this.#desk;
    const card = new ShowCard(texts, {
      turn: (to) => void this.#act(() => desk.turn(id, to)),
      remove: () => void this.#act(() => desk.remove(id)),
      invite: (role, label) => void this.#act(() => desk.invite(id, role, label)),
      revoke: (link) => void this.#act(() => desk.revoke(id, link.id)),
    });
    this.#cards.set(id, card);
    this.#list.append(card.root);
    return card;
  }

  #say(sentence: string): void {
    this.#silent = false;
    setText(this.#problem, sentence);
    setShown(this.#problem, sentence !== '');
  }

  #sentence(error: unknown): string {
    const silence = this.#texts?.operator.silence ?? '';
    return error instanceof Problem ? error.sentence(silence) : silence;
  }
}

customElements.define('stentor-operator', StentorOperator);
