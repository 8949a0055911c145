import { make, setText, show } from '../shared/dom.js';
import { keepFocus } from '../shared/focus.js';
import { clearTyped } from '../shared/typed.js';
import { runsTheShow } from './rights.js';
const MESSAGE_CHARS_MAX = 200;
export function messagePart(texts, stage) {
    const t = texts.message;
    const field = make('input', { type: 'text', id: 'message', maxlength: MESSAGE_CHARS_MAX, autocomplete: 'off' });
    const to = make('select', { id: 'message-to' }, make('option', { value: 'stage' }, t.toStage), make('option', { value: 'everyone' }, t.toEveryone));
    const sent = async (event) => {
        event.preventDefault();
        const text = field.value.trim();
        if (text === '')
            return;
        if ((await stage.order({ command: 'say', to: to.value, text })) !== null)
            clearTyped(field.id, text);
    };
    const form = make('form', { onsubmit: (event) => void sent(event) }, make('div', { class: 'field' }, make('label', { for: 'message' }, t.label), field), make('div', { class: 'field' }, make('label', { for: 'message-to' }, t.to), to), make('button', { type: 'submit' }, t.send));
    const root = make('section', { class: 'part', 'aria-labelledby': 'messages' }, make('h2', { id: 'messages' }, t.title), form);
    return { root, update: () => undefined };
}
export function saying(texts, stage, to) {
    const t = texts.message;
    const text = make('p', { role: 'status' });
    const label = to === 'stage' ? t.clearStage : t.clearEveryone;
    const clear = make('button', { type: 'button', class: 'quiet', 'aria-label': label, onclick: () => void stage.order({ command: 'say', to, text: '' }) }, t.clear);
    const root = make('div', { class: 'saying' }, text, clear);
    const update = () => {
        const message = stage.document?.message[to] ?? '';
        setText(text, to === 'stage' || message === '' ? message : t.toAll(message));
        const field = () => document.getElementById('message') ?? undefined;
        keepFocus(root, () => show(root, message !== ''), () => [field()]);
        show(clear, runsTheShow(stage.session.role));
    };
    update();
    return { root, update };
}
