import { copyText, make, setText, show as setShown } from '../shared/dom.js';
import { clockText, dateText } from '../shared/timetext.js';
import { confirmed } from './confirm.js';
const CHUNK_S = 0.32;
const ROLES = ['speaker', 'co_host', 'host'];
export class ShowCard {
    texts;
    actions;
    root = make('article', { class: 'show' });
    #shape = '';
    #numbers = null;
    constructor(texts, actions) {
        this.texts = texts;
        this.actions = actions;
    }
    update(show, now) {
        const shape = JSON.stringify([show.title, show.phase, show.starts_at, show.links, show.tape?.disk]);
        if (shape !== this.#shape) {
            this.#shape = shape;
            this.#draw(show);
        }
        this.#numbers?.(show);
        const undo = this.root.querySelector('.undo');
        if (undo)
            setText(undo, this.texts.operator.undo(Math.max(0, Math.ceil(((show.undo_until ?? now) - now) / 1000))));
    }
    #draw(show) {
        const t = this.texts.operator;
        const badge = make('span', { class: show.phase === 'on_air' ? 'badge on' : 'badge' }, t.phase[show.phase]);
        const start = show.starts_at !== null && (show.phase === 'announced' || show.phase === 'doors');
        const facts = make('p', { class: 'soft' });
        const disk = show.tape?.disk ?? 'ok';
        this.root.replaceChildren(make('div', { class: 'top' }, badge, make('h2', {}, show.title || show.id), make('p', { class: 'soft' }, start ? `/${show.id} · ${dateText(show.starts_at, this.texts.language)}` : `/${show.id}`)), facts, make('ul', { class: 'links' }, this.#row(t.listenLink, '', show.listen_url, null), ...show.links.map((link) => this.#linkRow(link))), this.#inviteForm(), this.#buttons(show));
        if (disk !== 'ok')
            facts.before(make('p', { class: 'problem', role: 'alert' }, t.disk[disk]));
        this.#numbers = ({ listeners, tape }) => {
            const parts = [];
            if (listeners !== null)
                parts.push(`${t.listeners}: ${listeners.toLocaleString(this.texts.language)}`);
            if (tape && tape.chunks > 0) {
                const size = `${(tape.bytes / 1e6).toLocaleString(this.texts.language, { maximumFractionDigits: 1 })} MB`;
                parts.push(`${t.tape}: ${t.tapeText(clockText(tape.chunks * CHUNK_S), size, tape.holes)}`);
            }
            setText(facts, parts.join(' · '));
        };
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
        const revoke = confirmed(this.texts, t.revoke, t.revokeSure, 'quiet', () => this.actions.revoke(link));
        return this.#row(t.role[link.role], note, link.url, revoke);
    }
    #inviteForm() {
        const t = this.texts.operator;
        const label = make('input', { type: 'text', maxlength: 40, placeholder: t.label, 'aria-label': t.label });
        const role = make('select', { 'aria-label': t.invite }, ...ROLES.map((name) => make('option', { value: name }, t.role[name])));
        const submitted = (event) => {
            event.preventDefault();
            this.actions.invite(role.value, label.value.trim());
        };
        return make('form', { class: 'invite', onsubmit: submitted }, role, label, make('button', { type: 'submit' }, t.invite));
    }
    #buttons(show) {
        const t = this.texts.operator;
        const live = make('button', { type: 'button', class: 'primary', onclick: () => this.actions.turn('live') }, t.goLive);
        const undo = make('button', { type: 'button', class: 'primary undo', onclick: () => this.actions.turn('undo') });
        const end = confirmed(this.texts, t.end, t.endSure, 'danger', () => this.actions.turn('end'));
        const remove = confirmed(this.texts, t.remove, t.removeSure(show.id), 'quiet', () => this.actions.remove());
        setShown(live, show.phase === 'announced' || show.phase === 'doors');
        setShown(undo, show.phase === 'ending');
        setShown(end, show.phase === 'on_air');
        setShown(remove, show.phase !== 'on_air' && show.phase !== 'ending');
        return make('div', { class: 'row' }, live, undo, end, remove);
    }
}
