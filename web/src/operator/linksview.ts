// The links of a show: the listeners' own, and one for each person who was invited.

import { copyText, make, setText } from '../shared/dom.js';
import type { DeskLink, DeskShow } from '../shared/documents.js';
import { keepFocus } from '../shared/focus.js';
import type { Texts } from '../shared/language.js';
import { confirmed } from './confirm.js';

interface Row {
  root: HTMLElement;
  /** What the row was drawn from. */
  link: string;
}

/** The list. A row is drawn anew only when its link changed, so that no question that is open and no focus is lost. */
export class LinksView {
  readonly root = make('ul', { class: 'links' });
  #rows = new Map<string, Row>();

  /** `after` gets the focus when the last row goes under it. */
  constructor(
    readonly texts: Texts,
    readonly revoke: (link: DeskLink) => void,
    readonly after: HTMLElement,
  ) {}

  update({ listen_url, links }: DeskShow): void {
    const below = this.#buttonsBelow(document.activeElement);
    keepFocus(this.root, () => this.#draw(listen_url, links), () => [...below, this.after]);
  }

  #draw(listen_url: string, links: DeskLink[]): void {
    this.#put('listen', listen_url, () => this.#row(this.texts.operator.listenLink, '', listen_url, null));
    for (const link of links) {
      this.#put(`link ${link.id}`, JSON.stringify([link.revoked, link.role, link.label, link.url]), () => this.#linkRow(link));
    }
  }

  #put(name: string, link: string, draw: () => HTMLElement): void {
    const known = this.#rows.get(name);
    if (known?.link === link) return;
    const root = draw();
    this.#rows.set(name, { root, link });
    if (known) known.root.replaceWith(root);
    else this.root.append(root);
  }

  #buttonsBelow(focused: Element | null): HTMLElement[] {
    const rows = [...this.root.children];
    return rows.slice(rows.findIndex((row) => row.contains(focused)) + 1).flatMap((row) => [...row.querySelectorAll('button')]);
  }

  #row(name: string, note: string, url: string | null, end: HTMLElement | null): HTMLElement {
    const t = this.texts.operator;
    const row = make('li', {}, make('span', { class: 'name' }, name, make('small', { class: 'soft' }, note)));
    if (url !== null) {
      const copy = make('button', { type: 'button', 'aria-label': `${t.copy}: ${name} ${note}`, onclick: () => void copied() }, t.copy);
      const field = make('input', { type: 'text', class: 'url', readonly: true, value: url, 'aria-label': `${name} ${note}`, onfocus: () => field.select() });
      const copied = async (): Promise<void> => {
        if (await copyText(url)) setText(copy, t.copied);
        else field.select();
        setTimeout(() => setText(copy, t.copy), 2000);
      };
      row.append(field, copy);
    }
    if (end) row.append(end);
    return row;
  }

  #linkRow(link: DeskLink): HTMLElement {
    const t = this.texts.operator;
    const note = link.label ?? '';
    if (link.revoked) return this.#row(t.role[link.role], note, null, make('span', { class: 'soft' }, t.revoked));
    const revoke = confirmed(this.texts, t.revoke, t.revokeSure, 'quiet', () => this.revoke(link));
    return this.#row(t.role[link.role], note, link.url, revoke);
  }
}
