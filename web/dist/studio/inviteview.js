import { copyText, make, setText, show } from '../shared/dom.js';
import { invites } from './rights.js';
const LABEL_CHARS_MAX = 40;
export function invitePart(texts, stage) {
    const t = texts.invite;
    const label = make('input', { type: 'text', id: 'invite-label', maxlength: LABEL_CHARS_MAX, required: true, autocomplete: 'off' });
    const roles = invites(stage.session.role).map((role) => make('option', { value: role }, texts.role[role]));
    const role = make('select', { id: 'invite-role' }, ...roles);
    const enters = make('select', { id: 'invite-enters' }, make('option', { value: 'backstage' }, t.entersBackstage), make('option', { value: 'on_air' }, t.entersOnAir));
    const made = madeLink(texts);
    const submitted = async (event) => {
        event.preventDefault();
        const who = label.value.trim();
        if (who === '')
            return;
        const order = { command: 'invite', role: role.value, label: who, enters: enters.value };
        const invited = await stage.order(order);
        if (!invited)
            return;
        label.value = '';
        made.tell(who, invited.link.url);
    };
    const form = make('form', { onsubmit: (event) => void submitted(event) }, make('div', { class: 'field' }, make('label', { for: 'invite-label' }, t.label), label), make('div', { class: 'field' }, make('label', { for: 'invite-role' }, t.role), role), make('div', { class: 'field' }, make('label', { for: 'invite-enters' }, t.enters), enters), make('button', { type: 'submit' }, t.make));
    const summary = make('summary', {}, make('h2', {}, t.title));
    const root = make('section', { class: 'part' }, make('details', {}, summary, form, made.root));
    return { root, update: () => undefined };
}
function madeLink(texts) {
    const t = texts.invite;
    const heading = make('label', { for: 'invite-link' });
    const field = make('input', { type: 'text', id: 'invite-link', readonly: true, onfocus: () => field.select() });
    const said = make('p', { class: 'soft small', role: 'status' });
    const copied = async () => {
        const worked = await copyText(field.value);
        setText(said, worked ? texts.copied : t.copyYourself);
        if (!worked)
            field.focus();
    };
    const copy = make('button', { type: 'button', class: 'primary', onclick: () => void copied() }, t.copy);
    const root = make('div', { class: 'made' }, make('div', { class: 'field' }, heading, field), copy, said);
    root.hidden = true;
    const tell = (who, url) => {
        setText(heading, t.linkFor(who));
        field.value = url;
        setText(said, '');
        show(root, true);
        copy.focus();
    };
    return { root, tell };
}
