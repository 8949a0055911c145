import { make, setText, show } from '../shared/dom.js';
export function messageStep(title, text, button) {
    return said(title, make('p', { class: 'soft' }, text), button);
}
export function refusalStep(title, text) {
    return said(title, make('p', { class: 'problem', role: 'alert' }, text));
}
function said(title, text, button) {
    const root = make('section', { class: 'card' }, make('h1', {}, title), text);
    if (button)
        root.append(make('button', { type: 'button', class: 'primary', onclick: button.pressed }, button.label));
    return { root, update: () => undefined };
}
export function inviteStep(texts, invitation) {
    const t = texts.invitation;
    const name = make('input', { type: 'text', id: 'name', maxlength: 40, required: true, autocomplete: 'name', value: invitation.name, 'aria-describedby': 'name-hint' });
    const agree = make('input', { type: 'checkbox', id: 'agree', required: true });
    const enter = make('button', { type: 'submit', class: 'primary' }, t.enter);
    const problem = make('p', { class: 'problem', role: 'alert' });
    const submitted = (event) => {
        event.preventDefault();
        if (agree.checked && name.value.trim())
            invitation.agreed(name.value.trim());
    };
    const root = make('section', { class: 'card' }, make('h1', {}, t.hello), make('p', { class: 'soft' }, t.show(invitation.show)), make('form', { onsubmit: submitted }, make('div', { class: 'field' }, make('label', { for: 'name' }, t.name), name, make('p', { id: 'name-hint', class: 'soft small' }, t.nameHint)), make('div', { class: 'notice' }, make('h2', {}, t.notice), make('p', {}, t.noticeText), ...(invitation.own_tracks ? [make('p', {}, t.ownTracks)] : []), make('label', { class: 'check' }, agree, make('span', {}, t.agree))), problem, enter));
    const update = () => {
        enter.disabled = invitation.busy;
        setText(problem, invitation.problem);
        show(problem, invitation.problem !== '');
    };
    update();
    return { root, update };
}
