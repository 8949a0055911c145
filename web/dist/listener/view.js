import { icon, make, setAttribute, setText, show } from '../shared/dom.js';
import { SPEEDS } from './replay.js';
import { StentorScrub } from './stentor-scrub.js';
import { StentorVolume } from './stentor-volume.js';
const PLAY = 'M8 5v14l11-7z';
const STOP = 'M7 7h10v10H7z';
const PAUSE = 'M7 5h4v14H7zm6 0h4v14h-4z';
const BACK = 'M12 5V1L6 6l6 5V7a6 6 0 1 1-6 6H4a8 8 0 1 0 8-8z';
const FORWARD = 'M12 5V1l6 5-6 5V7a6 6 0 1 0 6 6h2a8 8 0 1 1-8-8z';
export class View {
    texts;
    #badge = make('span', { class: 'badge' });
    #count = make('span', { class: 'count' });
    #title = make('h1');
    #when = make('p', { class: 'when' });
    #left = make('p', { class: 'left', role: 'timer' });
    #label = make('span', { class: 'listen-label' });
    #sign = make('span', { class: 'listen-sign' });
    #listen;
    #speaking = make('p', { class: 'speaking' });
    #sentence = make('p', { class: 'sentence', role: 'status' });
    #scrub = new StentorScrub();
    #from = make('span');
    #to = make('span');
    #place;
    #back;
    #forward;
    #live;
    #moves;
    #volume = new StentorVolume();
    #delay;
    #close;
    #steady;
    #speed;
    #speedRow;
    #imprint;
    #privacy;
    #kind = '';
    constructor(root, texts, actions, audio, languageSwitch) {
        this.texts = texts;
        const t = texts.listener;
        this.#listen = make('button', { type: 'button', class: 'listen', onclick: () => actions.toggle() }, this.#sign, this.#label);
        const move = (label, path, by_s) => make('button', { type: 'button', class: 'round', 'aria-label': label, onclick: () => actions.jump(by_s) }, icon(path), make('small', { 'aria-hidden': 'true' }, '15'));
        this.#back = move(t.back, BACK, -15);
        this.#forward = move(t.forward, FORWARD, 15);
        this.#live = make('button', { type: 'button', class: 'to-live', onclick: () => actions.toLive() }, t.toLive);
        this.#moves = make('div', { class: 'moves' }, this.#back, this.#live, this.#forward);
        this.#scrub.addEventListener('scrub', (event) => actions.scrub(event.detail));
        this.#place = make('div', { class: 'place' }, this.#scrub, make('div', { class: 'times' }, this.#from, this.#to));
        const choice = (label, close) => make('input', { type: 'radio', name: 'delay', 'aria-label': label, onchange: () => actions.setClose(close) });
        this.#steady = choice(t.delayNormal, false);
        this.#close = choice(t.delayClose, true);
        this.#delay = make('fieldset', { class: 'delay' }, make('legend', {}, t.delay), make('div', { class: 'choice' }, make('label', {}, this.#steady, make('span', {}, t.delayNormal)), make('label', {}, this.#close, make('span', {}, t.delayClose))));
        this.#speed = make('select', { 'aria-label': t.speed, onchange: () => actions.setSpeed(Number(this.#speed.value)) });
        for (const speed of SPEEDS)
            this.#speed.append(make('option', { value: speed }, `${speed.toLocaleString(texts.language)} ×`));
        this.#speedRow = make('label', { class: 'speed' }, make('span', {}, t.speed), this.#speed);
        this.#imprint = make('a', { rel: 'noopener' }, t.imprint);
        this.#privacy = make('a', { rel: 'noopener' }, t.privacy);
        root.replaceChildren(make('header', {}, make('p', { class: 'state' }, this.#badge, this.#count), languageSwitch), make('main', {}, make('div', { class: 'head' }, this.#title, this.#when, this.#left), make('div', { class: 'stage' }, this.#listen, make('div', { class: 'words' }, this.#speaking, this.#sentence)), this.#place, this.#moves, make('div', { class: 'settings' }, this.#delay, this.#speedRow, this.#volume)), make('footer', {}, this.#imprint, this.#privacy));
        this.#volume.attach(audio, texts);
    }
    update(model) {
        const t = this.texts.listener;
        setText(this.#badge, model.badge);
        show(this.#badge, model.badge !== '');
        this.#badge.classList.toggle('on', model.onAir);
        setText(this.#count, model.listeners);
        setText(this.#title, model.title);
        setText(this.#when, model.start?.when ?? '');
        setText(this.#left, model.start?.left ?? '');
        show(this.#when, model.start !== null);
        show(this.#left, model.start !== null && model.start.left !== '');
        this.#updateButton(model.button);
        setText(this.#speaking, model.speaking.join(', '));
        setAttribute(this.#speaking, 'aria-label', model.speaking.length > 0 ? `${t.speaking}: ${model.speaking.join(', ')}` : null);
        this.#speaking.classList.toggle('quiet-line', model.speaking.length === 0);
        setText(this.#sentence, model.sentence);
        this.#updatePlace(model);
        show(this.#delay, model.canClose);
        this.#close.checked = model.close;
        this.#steady.checked = !model.close;
        show(this.#speedRow, model.replay);
        if (document.activeElement !== this.#speed)
            this.#speed.value = String(model.speed);
        link(this.#imprint, model.pages.imprint);
        link(this.#privacy, model.pages.privacy);
    }
    #updateButton({ label, kind, busy, shown }) {
        show(this.#listen, shown);
        setText(this.#label, label);
        if (this.#kind !== kind) {
            this.#kind = kind;
            this.#sign.replaceChildren(icon(kind === 'play' ? PLAY : kind === 'stop' ? STOP : PAUSE));
        }
        this.#listen.classList.toggle('active', kind !== 'play' && !busy);
        this.#listen.classList.toggle('busy', busy);
    }
    #updatePlace(model) {
        show(this.#place, model.place !== null);
        show(this.#moves, model.place !== null);
        show(this.#live, !model.replay);
        if (!model.place)
            return;
        const { value_s, max_s, left, right, spoken } = model.place;
        this.#scrub.update({ value_s, max_s, enabled: model.canMove, label: this.texts.listener.place, spoken });
        setText(this.#from, left);
        setText(this.#to, right);
        this.#back.disabled = !model.canMove;
        this.#forward.disabled = !model.canMove || (!model.replay && model.behind === '');
        this.#live.disabled = !model.canMove || model.behind === '';
    }
}
function link(anchor, url) {
    show(anchor, url !== null);
    setAttribute(anchor, 'href', url);
}
