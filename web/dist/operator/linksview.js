import { copyText, make, setText } from '../shared/dom.js';
import { keepFocus } from '../shared/focus.js';
import { confirmed } from './confirm.js';
export class LinksView {
    texts;
    revoke;
    after;
    root = make('ul', { class: 'links' });
    #rows = new Map();
    constructor(texts, revoke, after) {
        this.texts = texts;
        this.revoke = revoke;
        this.after = after;
    }
    update({ listen_url, links }) {
        const below = this.#buttonsBelow(document.activeElement);
        keepFocus(this.root, () => this.#draw(listen_url, links), () => [...below, this.after]);
    }
    #draw(listen_url, links) {
        this.#put('listen', listen_url, () => this.#row(this.texts.operator.listenLink, '', listen_url, null));
        for (const link of links) {
            this.#put(`link ${link.id}`, JSON.stringify([link.revoked, link.role, link.label, link.url]), () => this.#linkRow(link));
        }
    }
    #put(name, link, draw) {
        const known = this.#rows.get(name);
        if (known?.link === link)
            return;
        const root = draw();
        this.#rows.set(name, { root, link });
        if (known)
            known.root.replaceWith(root);
        else
            this.root.append(root);
    }
    #buttonsBelow(focused) {
        const rows = [...this.root.children];
        return rows.slice(rows.findIndex((row) => row.contains(focused)) + 1).flatMap((row) => [...row.querySelectorAll('button')]);
    }
    #row(name, note, url, end) {
        const t = this.texts.operator;
        const row = make('li', {}, make('span', { class: 'name' }, name, make('small', { class: 'soft' }, note)));
        if (url !== null) {
            const copy = make('button', { type: 'button', 'aria-label': `${t.copy}: ${name} ${note}`, onclick: () => void copied() }, t.copy);
            const field = make('input', { type: 'text', class: 'url', readonly: true, value: url, 'aria-label': `${name} ${note}`, onfocus: () => field.select() });
            const copied = async () => {
                if (await copyText(url))
                    setText(copy, t.copied);
                else
                    field.select();
                setTimeout(() => setText(copy, t.copy), 2000);
            };
            row.append(field, copy);
        }
        if (end)
            row.append(end);
        return row;
    }
    #linkRow(link) {
        const t = this.texts.operator;
        const note = link.label ?? '';
        if (link.revoked)
            return this.#row(t.role[link.role], note, null, make('span', { class: 'soft' }, t.revoked));
        const revoke = confirmed(this.texts, t.revoke, t.revokeSure, 'quiet', () => this.revoke(link));
        return this.#row(t.role[link.role], note, link.url, revoke);
    }
}
