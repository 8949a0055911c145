import { make, setAttribute, setText, show } from '../shared/dom.js';
import { keepFocus } from '../shared/focus.js';
import { Armed } from './armed.js';
export function showControls(texts, stage) {
    const t = texts.control;
    const live = make('button', { type: 'button', class: 'primary big', onclick: () => void stage.order({ command: 'live' }) }, t.goLive);
    const undo = make('button', { type: 'button', class: 'primary big', onclick: () => void stage.order({ command: 'undo' }) });
    const ending = endControl(texts, stage);
    const dump = dumpControl(texts, stage);
    const root = make('div', { class: 'host' }, live, dump.root, ending.root, undo);
    const draw = () => {
        const { document } = stage;
        const phase = document?.phase;
        const left_s = document?.undo_until == null ? 0 : Math.max(0, Math.ceil((document.undo_until - stage.now) / 1000));
        show(root, phase !== undefined && phase !== 'ended');
        show(live, phase === 'announced' || phase === 'doors');
        show(undo, phase === 'ending' && left_s > 0);
        setText(undo, t.undo(left_s));
        ending.update();
        dump.update();
    };
    const update = () => keepFocus(root, draw, () => [undo, ending.end, live]);
    update();
    return { root, update };
}
function endControl(texts, stage) {
    const t = texts.control;
    const end = make('button', { type: 'button', class: 'danger big', onclick: () => setAsking(true) }, t.end);
    const yes = make('button', { type: 'button', class: 'primary', onclick: () => confirm() }, t.endYes);
    const cancel = make('button', { type: 'button', onclick: () => setAsking(false) }, texts.cancel);
    const question = make('div', { class: 'question', role: 'alert' }, make('p', {}, t.endSure), make('div', { class: 'row' }, yes, cancel));
    const root = make('div', {}, end, question);
    let asking = false;
    const setAsking = (value) => {
        asking = value;
        update();
        (value ? cancel : end).focus();
    };
    const confirm = () => {
        setAsking(false);
        void stage.order({ command: 'end' });
    };
    const update = () => {
        const airs = stage.document?.phase === 'on_air';
        if (!airs)
            asking = false;
        show(end, airs && !asking);
        show(question, asking);
    };
    return { root, end, update };
}
function dumpControl(texts, stage) {
    const t = texts.control;
    const armed = new Armed();
    const button = make('button', { type: 'button', class: 'danger big dump', 'aria-describedby': 'dump-hint', onclick: () => pressed() });
    const hint = make('p', { id: 'dump-hint', class: 'soft small' });
    const done = make('p', { class: 'small', role: 'status' });
    const root = make('div', {}, button, hint, done);
    let dumped_at = 0;
    const pressed = () => {
        if (armed.press(performance.now()))
            void dump();
        update();
    };
    const dump = async () => {
        if ((await stage.order({ command: 'dump' })) !== null)
            dumped_at = stage.now;
        update();
    };
    const update = () => {
        const delay_s = stage.document?.delay_s ?? 0;
        const is_armed = armed.isArmed(performance.now());
        show(root, delay_s > 0 && stage.document?.phase === 'on_air');
        setText(button, is_armed ? t.dumpArmed(delay_s) : t.dump(delay_s));
        button.classList.toggle('armed', is_armed);
        setAttribute(button, 'aria-live', is_armed ? 'assertive' : null);
        setText(hint, t.dumpHint(delay_s));
        setText(done, dumped_at > 0 && stage.now - dumped_at < delay_s * 1000 ? t.dumped(delay_s) : '');
    };
    return { root, update };
}
