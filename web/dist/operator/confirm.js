import { make, show } from '../shared/dom.js';
export function confirmed(texts, label, question, kind, pressed) {
    const t = texts.operator;
    const setAsking = (asking) => {
        show(button, !asking);
        show(asked, asking);
        (asking ? no : button).focus();
    };
    const answered = () => {
        setAsking(false);
        pressed();
    };
    const button = make('button', { type: 'button', class: kind, onclick: () => setAsking(true) }, label);
    const yes = make('button', { type: 'button', class: 'primary', onclick: () => answered() }, t.yes);
    const no = make('button', { type: 'button', onclick: () => setAsking(false) }, t.cancel);
    const asked = make('span', { class: 'asked', role: 'alert' }, make('span', {}, question), yes, no);
    asked.hidden = true;
    return make('span', { class: 'confirm' }, button, asked);
}
