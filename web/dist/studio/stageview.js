import { copyText, make, setAttribute, setText, show } from '../shared/dom.js';
import { clockText } from '../shared/timetext.js';
import { drawLevel } from './steps.js';
export function stageStep(texts, stage) {
    const t = texts.studio;
    const air = airPanel(texts, stage);
    const mute = make('button', { type: 'button', class: 'mute', onclick: () => stage.mute(!stage.muted) });
    const level = make('div', { class: 'level', role: 'img', 'aria-label': t.level }, make('i'));
    const connection = make('p', { class: 'connection', role: 'status' });
    const blocked = make('div', { class: 'problem' }, make('p', {}, t.blocked), make('button', { type: 'button', onclick: () => stage.hear() }, t.hearOthers));
    const problem = make('p', { class: 'problem', role: 'alert' });
    const warnings = make('p', { class: 'problem', role: 'alert' });
    const people = make('ul', { class: 'people' });
    const controls = hostControls(texts, stage);
    const copy = make('button', { type: 'button', onclick: () => void copied() }, t.copyLink);
    const copied = async () => {
        setText(copy, (await copyText(stage.session.listen_url)) ? t.copied : stage.session.listen_url);
        setTimeout(() => setText(copy, t.copyLink), 2500);
    };
    const leave = make('button', { type: 'button', class: 'quiet', onclick: () => stage.leave() }, t.leave);
    const root = make('section', { class: 'stage' }, air.root, warnings, problem, blocked, make('div', { class: 'me' }, mute, level, connection), controls.root, make('div', { class: 'here' }, make('h3', {}, t.here), people), make('div', { class: 'row' }, copy, leave));
    const update = () => {
        air.update();
        controls.update();
        setText(mute, stage.muted ? t.unmute : t.mute);
        setAttribute(mute, 'aria-pressed', String(stage.muted));
        drawLevel(level, stage.muted ? null : stage.level_dbfs);
        setText(connection, stage.muted && stage.connected ? t.muted : stage.connection);
        show(blocked, stage.blocked);
        setText(problem, stage.problem);
        show(problem, stage.problem !== '');
        const said = (stage.document?.warnings ?? []).map((warning) => t.warning[warning] ?? warning).join(' ');
        setText(warnings, said);
        show(warnings, said !== '');
        updatePeople(people, stage, texts);
    };
    update();
    return { root, update };
}
function airPanel(texts, stage) {
    const t = texts.studio;
    const word = make('p', { class: 'air-word' });
    const time = make('p', { class: 'air-time' });
    const text = make('p', { class: 'air-text' });
    const title = make('h1', { class: 'air-title' });
    const announcement = make('div', { role: 'status' }, word, text);
    const root = make('div', { class: 'air' }, title, announcement, time);
    const update = () => {
        const document = stage.document;
        const phase = document?.phase ?? null;
        root.classList.toggle('on', phase === 'on_air');
        setText(title, document?.title ?? stage.session.title);
        setText(word, phase === null ? t.connecting : t.phase[phase]);
        setText(text, phase === null ? '' : t.phaseText[phase]);
        const running = phase === 'on_air' && document?.on_air_at != null;
        const parts = running ? [clockText((stage.now - document.on_air_at) / 1000)] : [];
        if (document?.listeners != null && phase !== 'announced')
            parts.push(t.listeners(document.listeners));
        setText(time, parts.join(' · '));
    };
    return { root, update };
}
function hostControls(texts, stage) {
    const t = texts.studio;
    const live = make('button', { type: 'button', class: 'primary big', onclick: () => stage.command('live') }, t.goLive);
    const end = make('button', { type: 'button', class: 'danger big', onclick: () => setAsking(true) }, t.end);
    const undo = make('button', { type: 'button', class: 'primary big', onclick: () => stage.command('undo') });
    const yes = make('button', { type: 'button', class: 'primary', onclick: () => confirm() }, t.endYes);
    const cancel = make('button', { type: 'button', onclick: () => setAsking(false) }, t.cancel);
    const question = make('div', { class: 'question', role: 'alert' }, make('p', {}, t.endSure), make('div', { class: 'row' }, yes, cancel));
    const root = make('div', { class: 'host' }, live, end, question, undo);
    let asking = false;
    const setAsking = (value) => {
        asking = value;
        update();
        (value ? yes : end).focus();
    };
    const confirm = () => {
        asking = false;
        stage.command('end');
        update();
    };
    const update = () => {
        const document = stage.document;
        const phase = document?.phase;
        const runs = stage.session.role === 'host' || stage.session.role === 'co_host';
        if (phase !== 'on_air')
            asking = false;
        const left_s = document?.undo_until == null ? 0 : Math.max(0, Math.ceil((document.undo_until - stage.now) / 1000));
        show(root, runs && phase !== undefined && phase !== 'ended');
        show(live, phase === 'announced' || phase === 'doors');
        show(end, phase === 'on_air' && !asking);
        show(question, asking);
        show(undo, phase === 'ending' && left_s > 0);
        setText(undo, t.undo(left_s));
    };
    return { root, update };
}
function updatePeople(list, stage, texts) {
    const people = stage.document?.people ?? [];
    for (const stale of [...list.children]) {
        if (!people.some((person) => String(person.id) === stale.dataset['id']))
            stale.remove();
    }
    for (const person of people) {
        const known = [...list.children].find((item) => item.dataset['id'] === String(person.id));
        updatePerson(known ?? addPerson(list, person), person, stage, texts);
    }
}
function addPerson(list, person) {
    const item = make('li', { 'data-id': person.id }, make('span', { class: 'who' }), make('span', { class: 'role' }), make('span', { class: 'level', 'aria-hidden': 'true' }, make('i')));
    list.append(item);
    return item;
}
function updatePerson(item, person, stage, texts) {
    const t = texts.studio;
    const [who, role, level] = [...item.children];
    const me = person.id === stage.document?.you;
    setText(who, me ? `${person.name} (${t.you})` : person.name);
    setText(role, person.connected ? t.role[person.role] : t.away);
    item.classList.toggle('speaking', person.speaking && person.connected);
    item.classList.toggle('away', !person.connected);
    drawLevel(level, person.connected ? person.level_dbfs : null);
}
