import { icon, make, setAttribute, setText, show } from '../shared/dom.js';
import { clockText } from '../shared/timetext.js';
import { Settings } from './settings.js';
import { StentorScrub } from './stentor-scrub.js';
const PLAY = 'M8 5v14l11-7z';
const STOP = 'M7 7h10v10H7z';
const PAUSE = 'M7 5h4v14H7zm6 0h4v14h-4z';
const BACK = 'M12 6v12L3 12zm9 0v12l-9-6z';
const FORWARD = 'M12 6v12l9-6zM3 6v12l9-6z';
export class View {
    texts;
    extras = { hand: make('div'), chapters: make('div'), why: make('div') };
    #badge = make('span', { class: 'badge' });
    #count = make('span', { class: 'count' });
    #title = make('h1');
    #when = make('p', { class: 'when' });
    #left = make('p', { class: 'left', role: 'timer' });
    #label = make('span', { class: 'listen-label' });
    #sign = make('span', { class: 'listen-sign' });
    #listen;
    #speakingIs = make('span', { class: 'unseen' });
    #names = make('span');
    #speaking = make('p', { class: 'speaking' }, this.#speakingIs, this.#names);
    #sentence = make('p', { class: 'sentence', role: 'status' });
    #next = make('p', { class: 'next' });
    #turn = make('p', { class: 'speaking' });
    #wait = make('p', { class: 'wait' });
    #later = make('span');
    #there = make('a', { href: location.pathname });
    #laterThere = make('p', { class: 'next' }, this.#later, ' ', this.#there);
    #message = make('p', { class: 'message' });
    #messages = make('div', { role: 'status' }, this.#message);
    #scrub = new StentorScrub();
    #from = make('span');
    #to = make('span');
    #place;
    #back;
    #forward;
    #live;
    #moves;
    #settings;
    #share;
    #shared = make('p', { class: 'shared', role: 'status' });
    #hand;
    #why;
    #m4a;
    #opus;
    #files;
    #imprint;
    #privacy;
    #kind = '';
    #seeking = false;
    constructor(root, texts, actions, audio, languageSwitch) {
        this.texts = texts;
        const t = texts.listener;
        const press = (label, pressed) => make('button', { type: 'button', class: 'tool', onclick: pressed }, label);
        this.#listen = make('button', { type: 'button', class: 'listen', onclick: () => actions.toggle() }, this.#sign, this.#label);
        const move = (label, path, by_s) => make('button', { type: 'button', class: 'round', 'aria-label': label, onclick: () => actions.jump(by_s) }, icon(path), make('small', { 'aria-hidden': 'true' }, '15'));
        this.#back = move(t.back, BACK, -15);
        this.#forward = move(t.forward, FORWARD, 15);
        this.#live = make('button', { type: 'button', class: 'to-live', onclick: () => actions.toLive() }, t.toLive);
        this.#moves = make('div', { class: 'moves' }, this.#back, this.#live, this.#forward);
        this.#place = make('div', { class: 'place' }, this.#scrub, make('div', { class: 'times' }, this.#from, this.#to));
        this.#settings = new Settings(texts, actions, audio);
        this.#share = press(t.share, () => actions.share());
        this.#hand = press(t.hand, () => actions.raiseHand());
        this.#why = press(t.why, () => actions.askWhy());
        this.#m4a = make('a', { download: '' }, 'M4A (AAC)');
        this.#opus = make('a', { download: '' }, 'Ogg (Opus)');
        this.#files = make('p', { class: 'files' }, `${t.download}: `, this.#m4a, ' ', this.#opus);
        this.#imprint = make('a', { rel: 'noopener' }, t.imprint);
        this.#privacy = make('a', { rel: 'noopener' }, t.privacy);
        this.#listenToScrub(actions);
        root.replaceChildren(...this.#layout(languageSwitch));
    }
    #layout(languageSwitch) {
        const { hand, chapters, why } = this.extras;
        const head = make('div', { class: 'head' }, this.#title, this.#when, this.#left);
        const words = make('div', { class: 'words' }, this.#turn, this.#wait, this.#speaking, this.#sentence, this.#next, this.#laterThere);
        const tools = make('div', { class: 'tools' }, this.#hand, this.#share, this.#why);
        return [
            make('header', {}, make('p', { class: 'state' }, this.#badge, this.#count), languageSwitch),
            make('main', {}, head, this.#messages, make('div', { class: 'stage' }, this.#listen, words), hand, this.#place, this.#moves, this.#settings.root, this.#files, tools, this.#shared, why, chapters),
            make('footer', {}, this.#imprint, this.#privacy),
        ];
    }
    #listenToScrub(actions) {
        this.#scrub.addEventListener('seeking', (event) => {
            this.#seeking = true;
            setText(this.#from, clockText(event.detail));
        });
        this.#scrub.addEventListener('scrub', (event) => {
            this.#seeking = false;
            actions.scrub(event.detail);
        });
        this.#scrub.addEventListener('end', () => (this.#live.hidden ? actions.scrub(Infinity) : actions.toLive()));
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
        setText(this.#message, model.message);
        show(this.#message, model.message !== '');
        this.#updateButton(model.button);
        setText(this.#speakingIs, `${t.speaking}: `);
        setText(this.#names, model.speaking.join(', '));
        show(this.#speaking, model.speaking.length > 0);
        setText(this.#sentence, model.sentence);
        setText(this.#next, model.next);
        this.#updateWaiting(model);
        this.#updatePlace(model);
        this.#settings.update(model);
        show(this.#files, model.files !== null);
        link(this.#m4a, model.files?.m4a ?? null);
        link(this.#opus, model.files?.opus ?? null);
        link(this.#imprint, model.pages.imprint);
        link(this.#privacy, model.pages.privacy);
    }
    updateTools(model, handRaised, whyOpen) {
        show(this.#hand, model.handsOpen && !handRaised);
        show(this.#share, model.place !== null);
        setAttribute(this.#why, 'aria-expanded', String(whyOpen));
    }
    focusHand() {
        this.#hand.focus();
    }
    focusWhy() {
        this.#why.focus();
    }
    told(words, address) {
        if (address === null)
            return this.#shared.replaceChildren(words);
        const field = make('input', { type: 'text', readonly: true, value: address, 'aria-label': words });
        this.#shared.replaceChildren(words, field);
        field.select();
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
    #updateWaiting({ waiting, address }) {
        const { place, wait, later } = waiting ?? { place: '', wait: '', later: '' };
        setText(this.#turn, place);
        setText(this.#wait, wait);
        setText(this.#later, later);
        show(this.#turn, place !== '');
        show(this.#wait, wait !== '');
        show(this.#laterThere, later !== '');
        setText(this.#there, address);
    }
    #updatePlace(model) {
        show(this.#place, model.place !== null);
        show(this.#moves, model.place !== null);
        show(this.#live, !model.replay);
        if (!model.place)
            return;
        const { value_s, max_s, left, right, spoken } = model.place;
        this.#scrub.update({ value_s, max_s, enabled: model.canMove, label: this.texts.listener.place, spoken });
        if (!this.#seeking)
            setText(this.#from, left);
        setText(this.#to, right);
        this.#back.disabled = !model.canMove;
        this.#forward.disabled = !model.canMove || (!model.replay && model.behind === '');
        this.#live.disabled = !model.canMove || !model.canBeLive;
    }
}
function link(anchor, url) {
    show(anchor, url !== null);
    setAttribute(anchor, 'href', url);
}
