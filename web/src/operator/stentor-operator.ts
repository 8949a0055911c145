// <stentor-operator>: the desk's page. It asks for the shows every two seconds while it is looked at, and never twice
// at once: a desk that hangs is not asked the louder for it.

import { make, setAttribute, setText, show as setShown } from '../shared/dom.js';
import { keepFocus } from '../shared/focus.js';
import { takeKey } from '../shared/fragment.js';
import { currentLanguage, languageSwitch, loadTexts, type Language, type Texts } from '../shared/language.js';
import { Problem } from '../shared/problem.js';
import { keepTyped } from '../shared/typed.js';
import { createForm } from './createform.js';
import { Desk, type DeskAnswer, type NewShow, type Notice } from './desk.js';
import { ShowCard } from './showcard.js';
import { explain } from './validity.js';
import { warningText } from './warning.js';

const POLL_MS = 2_000;
/** Two questions without an answer: what is shown is called old from then on. */
const SILENT_MS = 5_000;

export class StentorOperator extends HTMLElement {
  #key = takeKey();
  #desk = new Desk((problem) => this.#lost(problem));
  #texts: Texts | null = null;
  #answer: DeskAnswer | null = null;
  #answered_at = 0;
  /** How far the server's clock is ahead of this computer's, which may be wrong. */
  #server_ahead_ms = 0;
  /** The question that is on its way. */
  #refreshing: Promise<void> | null = null;
  #acting = false;
  #cards = new Map<string, ShowCard>();
  #list = make('div', { class: 'shows' });
  #problem = make('p', { class: 'problem', role: 'alert' });
  #warnings = make('div', { role: 'status' });
  /** What the warnings were drawn from. */
  #warned = '[]';

  connectedCallback(): void {
    void this.#speak(currentLanguage());
    setInterval(() => document.visibilityState === 'visible' && this.#tick(), POLL_MS);
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
    keepTyped(this, () => this.#draw());
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
    this.#warnings.replaceChildren();
    this.#warned = '[]';
    this.#say('');
    this.replaceChildren(
      make('header', {}, make('h1', {}, t.title), make('div', { class: 'row' }, ...(inside ? [leave] : []), change)),
      make('main', {}, this.#problem, ...(inside ? [this.#warnings, this.#list, createForm(texts, (show) => this.#create(show))] : [this.#entrance(texts)])),
    );
    if (inside) this.#update();
  }

  #entrance(texts: Texts): HTMLElement {
    const t = texts.operator;
    const key = make('input', { type: 'password', id: 'key', required: true, autocomplete: 'off', value: this.#key ?? '' });
    explain(key, t.keyMissing);
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

  #enter(key: string): Promise<boolean> {
    return this.#act(async () => {
      await this.#desk.enter(key);
      this.#key = null;
      this.#draw();
    });
  }

  #leave(): void {
    this.#desk.leave();
    this.#answer = null;
    this.#draw();
  }

  #lost(problem: Problem): void {
    this.#answer = null;
    this.#draw();
    this.#say(this.#sentence(problem));
  }

  #tick(): void {
    void this.#refresh();
    this.#update();
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => { this.#refreshing = null; });
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    if (!this.#desk.entered || this.#key !== null) return;
    try {
      this.#answer = await this.#desk.shows();
      this.#answered_at = Date.now();
      this.#server_ahead_ms = this.#answer.now - this.#answered_at;
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

  /** Does something, one thing at a time, and shows what came of it; true when it worked. */
  async #act(action: () => Promise<unknown>): Promise<boolean> {
    if (this.#acting) return false;
    this.#setActing(true);
    try {
      await action();
      this.#say('');
      // A question that was on its way before may be answered with how it was before.
      await this.#refreshing;
      await this.#refresh();
      return true;
    } catch (error) {
      this.#say(this.#sentence(error));
      this.#silent = error instanceof Problem && error.unreachable;
      return false;
    } finally {
      this.#setActing(false);
    }
  }

  /** A button that is disabled loses the focus: these only say that they are, and `#act` sees to it. */
  #setActing(acting: boolean): void {
    this.#acting = acting;
    this.classList.toggle('acting', acting);
    for (const button of this.querySelectorAll('main button')) setAttribute(button, 'aria-disabled', acting ? 'true' : null);
  }

  #create(show: NewShow): Promise<boolean> {
    return this.#act(() => this.#desk.create(show));
  }

  #update(): void {
    const texts = this.#texts;
    if (!texts || !this.#answer) return;
    const { shows, warnings } = this.#answer;
    this.#warn(warnings, texts);
    keepFocus(this.#list, () => this.#drop(shows.map(({ id }) => id)), () => [...this.querySelectorAll<HTMLElement>('.show button, summary')]);
    this.#list.querySelector('.none')?.remove();
    const here = Date.now();
    const now = here + this.#server_ahead_ms;
    const silent_since = here - this.#answered_at > SILENT_MS ? this.#answered_at : null;
    for (const show of shows) this.#card(show.id, texts).update(show, { now, silent_since });
    if (shows.length === 0) this.#list.append(make('p', { class: 'none soft' }, texts.operator.none));
  }

  #drop(known: string[]): void {
    for (const [id, card] of this.#cards) {
      if (known.includes(id)) continue;
      card.root.remove();
      this.#cards.delete(id);
    }
  }

  /** Drawn anew only when they change, as they are read out. */
  #warn(warnings: Notice[], texts: Texts): void {
    const told = JSON.stringify(warnings);
    if (told === this.#warned) return;
    this.#warned = told;
    this.#warnings.replaceChildren(...warnings.map((warning) => make('p', { class: 'problem' }, ...warningOf(warning, texts))));
  }

  #card(id: string, texts: Texts): ShowCard {
    const known = this.#cards.get(id);
    if (known) return known;
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

  #say(sentence: string): void {
    this.#silent = false;
    setText(this.#problem, sentence);
    setShown(this.#problem, sentence !== '');
  }

  #sentence(error: unknown): string {
    const texts = this.#texts;
    if (!texts) return '';
    const { silence, refusals, refused } = texts.operator;
    if (!(error instanceof Problem) || error.unreachable) return silence;
    // The server's own words are English.
    const words = texts.language === 'en' ? error.detail || error.title : '';
    return refusals[error.reason] || words || refused(error.status);
  }
}

/** A warning as the page says it, or the server's words with what announces them. */
function warningOf(warning: Notice, texts: Texts): (Node | string)[] {
  const known = warningText(warning, texts);
  return known === null ? [`${texts.operator.saysInEnglish} `, make('span', { lang: 'en' }, warning.text)] : [known];
}

customElements.define('stentor-operator', StentorOperator);
