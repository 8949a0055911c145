import { make, setText, show } from '../shared/dom.js';
import { SILENCE_DBFS } from './microphone.js';
export function messageStep(title, text, button) {
    const root = make('section', { class: 'card' }, make('h1', {}, title), make('p', { class: 'soft' }, text));
    if (button)
        root.append(make('button', { type: 'button', class: 'primary', onclick: button.pressed }, button.label));
    return { root, update: () => undefined };
}
export function inviteStep(texts, invitation) {
    const t = texts.studio;
    const name = make('input', { type: 'text', id: 'name', maxlength: 40, required: true, autocomplete: 'name', value: invitation.name, 'aria-describedby': 'name-hint' });
    const agree = make('input', { type: 'checkbox', id: 'agree', required: true });
    const enter = make('button', { type: 'submit', class: 'primary' }, t.enter);
    const problem = make('p', { class: 'problem', role: 'alert' });
    const submitted = (event) => {
        event.preventDefault();
        if (agree.checked && name.value.trim())
            invitation.agreed(name.value.trim());
    };
    const root = make('section', { class: 'card' }, make('h1', {}, t.hello), make('form', { onsubmit: submitted }, make('div', { class: 'field' }, make('label', { for: 'name' }, t.name), name, make('p', { id: 'name-hint', class: 'soft small' }, t.nameHint)), make('div', { class: 'notice' }, make('h2', {}, t.notice), make('p', {}, t.noticeText), make('label', { class: 'check' }, agree, make('span', {}, t.agree))), problem, enter));
    const update = () => {
        enter.disabled = invitation.busy;
        setText(problem, invitation.problem);
        show(problem, invitation.problem !== '');
    };
    update();
    return { root, update };
}
export function microphoneStep(texts, check) {
    const t = texts.studio;
    const open = make('button', { type: 'button', class: 'primary', onclick: () => check.choose('') }, t.openMicrophone);
    const problem = make('p', { class: 'problem', role: 'alert' });
    const choice = make('select', { id: 'microphone', onchange: () => check.choose(choice.value) });
    const level = make('div', { class: 'level', role: 'img', 'aria-label': t.level }, make('i'));
    const heard = make('p', { class: 'soft small', role: 'status' });
    const join = make('button', { type: 'button', class: 'primary', onclick: () => check.join() }, t.join);
    const opened = make('div', { class: 'opened' }, make('div', { class: 'field' }, make('label', { for: 'microphone' }, t.microphone), choice), level, heard, join);
    const root = make('section', { class: 'card' }, make('h1', {}, t.microphone), problem, open, opened);
    let listed = '';
    let everHeard = false;
    const sentence = { denied: t.microphoneDenied, missing: t.microphoneMissing, busy: t.microphoneBusy };
    const update = () => {
        show(open, !check.open);
        show(opened, check.open);
        setText(problem, check.problem === null ? '' : sentence[check.problem]);
        show(problem, check.problem !== null);
        const names = JSON.stringify(check.devices);
        if (names !== listed) {
            listed = names;
            choice.replaceChildren(make('option', { value: '' }, t.microphoneDefault));
            for (const { id, label } of check.devices)
                if (id !== 'default')
                    choice.append(make('option', { value: id }, label || id));
            choice.value = check.device_id;
        }
        everHeard ||= check.level_dbfs > -45;
        drawLevel(level, check.level_dbfs);
        setText(heard, everHeard ? t.speakNow : `${t.speakNow} ${t.tooQuiet}`);
    };
    update();
    return { root, update };
}
export function drawLevel(bar, level_dbfs) {
    const share = level_dbfs === null ? 0 : Math.min(1, Math.max(0, 1 - level_dbfs / SILENCE_DBFS));
    bar.style.setProperty('--level', share.toFixed(2));
}
