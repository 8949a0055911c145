// One show on the desk. Its parts are made once and told what changed, so that a word half typed, a question that is
// open and the focus outlive the news.

import { make, setAttribute, setText, show as setShown } from '../shared/dom.js';
import type { DeskLink, DeskShow, Role } from '../shared/documents.js';
import { keepFocus } from '../shared/focus.js';
import type { Texts } from '../shared/language.js';
import { clockText, dateText, dayTimeText } from '../shared/timetext.js';
import { clearTyped } from '../shared/typed.js';
import { confirmed } from './confirm.js';
import { LinksView } from './linksview.js';
import { secondsLeft } from './secondsleft.js';

/** Seconds of sound in a chunk. */
const CHUNK_S = 0.32;
const ROLES: Role[] = ['speaker', 'co_host', 'host'];

/** What the page knows beside the show itself; both are Unix times. */
export interface Seen {
  /** By the server's clock, as all times of the show. */
  now: number;
  /** By this computer's clock: when the desk answered last, if it should have answered again since. */
  silent_since: number | null;
}

export interface ShowActions {
  turn(to: 'live' | 'end' | 'undo'): void;
  remove(): void;
  /** True when it worked. */
  invite(role: Role, label: string): Promise<boolean>;
  revoke(link: DeskLink): void;
}

type Update = (show: DeskShow, seen: Seen) => void;

export class ShowCard {
  readonly root: HTMLElement;
  #updates: Update[];

  constructor(
    readonly texts: Texts,
    readonly id: string,
    readonly actions: ShowActions,
  ) {
    const top = this.#top();
    const facts = this.#facts();
    const invite = this.#inviteForm();
    const links = new LinksView(texts, (link) => actions.revoke(link), invite.role);
    const buttons = this.#buttons();
    this.root = make('article', { class: 'show' }, top.root, facts.root, links.root, invite.root, buttons.root);
    this.#updates = [top.update, facts.update, (show) => links.update(show), buttons.update];
  }

  update(show: DeskShow, seen: Seen): void {
    for (const update of this.#updates) update(show, seen);
  }

  #top(): { root: HTMLElement; update: Update } {
    const { texts } = this;
    const badge = make('span', { class: 'badge' });
    const title = make('h2');
    const address = make('p', { class: 'soft' });
    const update: Update = (show, { now }) => {
      setText(badge, texts.operator.phase[show.phase]);
      badge.classList.toggle('on', show.phase === 'on_air');
      setText(title, show.title || show.id);
      setAttribute(title, 'lang', show.title ? show.language : null);
      const coming = show.phase === 'announced' || show.phase === 'doors';
      setText(address, show.starts_at !== null && coming ? `/${show.id} · ${dateText(show.starts_at, texts.language, now)}` : `/${show.id}`);
    };
    return { root: make('div', { class: 'top' }, badge, title, address), update };
  }

  #facts(): { root: HTMLElement; update: Update } {
    const t = this.texts.operator;
    const disk = make('p', { class: 'problem', role: 'alert' });
    const numbers = make('p', { class: 'soft' });
    // The page says it aloud once; here it stands beside each show whose numbers are old.
    const silence = make('p', { class: 'silence' });
    const update: Update = (show, { silent_since }) => {
      const told = show.tape?.disk ?? 'ok';
      setText(disk, told === 'ok' ? '' : t.disk[told]);
      setShown(disk, told !== 'ok');
      setText(numbers, this.#numbersText(show));
      setText(silence, silent_since === null ? '' : t.silentSince(dayTimeText(silent_since, this.texts.language)));
      setShown(silence, silent_since !== null);
    };
    return { root: make('div', { class: 'facts' }, disk, numbers, silence), update };
  }

  #numbersText({ listeners, tape }: DeskShow): string {
    const { language, operator: t } = this.texts;
    const parts = [];
    if (listeners !== null) parts.push(`${t.listeners}: ${listeners.toLocaleString(language)}`);
    if (tape && tape.chunks > 0) {
      const size = `${(tape.bytes / 1e6).toLocaleString(language, { maximumFractionDigits: 1 })} MB`;
      parts.push(`${t.tape}: ${t.tapeText(clockText(tape.chunks * CHUNK_S), size, tape.holes)}`);
    }
    if (tape?.disk === 'ok') parts.push(t.disk.ok);
    return parts.join(' · ');
  }

  #inviteForm(): { root: HTMLElement; role: HTMLElement } {
    const t = this.texts.operator;
    const label = make('input', { type: 'text', id: `label-${this.id}`, maxlength: 40, placeholder: t.label, 'aria-label': t.label });
    const role = make('select', { 'aria-label': t.invite }, ...ROLES.map((name) => make('option', { value: name }, t.role[name])));
    const submitted = async (event: Event): Promise<void> => {
      event.preventDefault();
      const who = label.value.trim();
      if (await this.actions.invite(role.value as Role, who)) clearTyped(label.id, who);
    };
    const root = make('form', { class: 'invite', onsubmit: (event) => void submitted(event) }, role, label, make('button', { type: 'submit' }, t.invite));
    return { root, role };
  }

  #buttons(): { root: HTMLElement; update: Update } {
    const t = this.texts.operator;
    const live = make('button', { type: 'button', class: 'primary', onclick: () => this.actions.turn('live') }, t.goLive);
    const undo = make('button', { type: 'button', class: 'primary', onclick: () => this.actions.turn('undo') });
    const end = confirmed(this.texts, t.end, t.endSure, 'danger', () => this.actions.turn('end'));
    const remove = confirmed(this.texts, t.remove, t.removeSure(this.id), 'quiet', () => this.actions.remove());
    const root = make('div', { class: 'row' }, live, undo, end, remove);
    const draw: Update = (show, { now }) => {
      setShown(live, show.phase === 'announced' || show.phase === 'doors');
      setShown(undo, show.phase === 'ending');
      setText(undo, t.undo(secondsLeft(show.undo_until, now)));
      setShown(end, show.phase === 'on_air');
      setShown(remove, show.phase !== 'on_air' && show.phase !== 'ending');
    };
    const update: Update = (show, seen) => {
      keepFocus(root, () => draw(show, seen), () => [...root.querySelectorAll('button')]);
    };
    return { root, update };
  }
}
