import { loadAllTexts } from './texts.js';
export class Extras {
    subject;
    actions;
    handRaised = false;
    #why = null;
    #hand = null;
    #chapters = null;
    #chaptersAsked = false;
    #view = null;
    constructor(subject, actions) {
        this.subject = subject;
        this.actions = actions;
    }
    get whyOpen() {
        return this.#why !== null;
    }
    moveTo(view) {
        this.#view = view;
        if (this.#hand) {
            view.extras.hand.append(this.#hand);
            const hand = this.#hand;
            void this.#load(view, () => loadAllTexts(view.texts)).then((texts) => texts && hand.speak(texts));
        }
        if (this.#chapters)
            view.extras.chapters.append(this.#chapters);
        this.#why = null;
    }
    async toggleWhy(view) {
        if (this.#why)
            return this.#closeWhy(view);
        const loaded = await this.#load(view, () => Promise.all([import('./stentor-why.js'), loadAllTexts(view.texts)]));
        if (!loaded || this.#why)
            return;
        const [module, texts] = loaded;
        this.#why = new module.StentorWhy();
        view.extras.why.replaceChildren(this.#why);
        const closed = () => this.#closeWhy(view);
        this.#why.ask(this.subject, { listen: () => this.actions.listen(), closed }, texts);
        this.actions.changed();
    }
    async openHand(view) {
        const loaded = await this.#load(view, () => Promise.all([import('./stentor-hand.js'), loadAllTexts(view.texts)]));
        if (!loaded)
            return;
        const [module, texts] = loaded;
        if (!this.#hand) {
            this.#hand = new module.StentorHand();
            view.extras.hand.append(this.#hand);
        }
        const changed = (raised) => {
            this.handRaised = raised;
            this.actions.changed();
        };
        this.#hand.open(this.subject.show, { changed, lowered: () => requestAnimationFrame(() => this.#view?.focusHand()) }, texts);
    }
    showChapters(view, poll, replay) {
        if (!this.#chaptersAsked) {
            this.#chaptersAsked = true;
            void this.#load(view, () => import('./stentor-chapters.js')).then((module) => {
                if (!module)
                    return;
                this.#chapters = new module.StentorChapters();
                view.extras.chapters.append(this.#chapters);
                this.actions.changed();
            });
        }
        const on_air_at_s = poll.status?.on_air_at_s ?? 0;
        this.#chapters?.update(poll.marks.all, on_air_at_s, replay.duration_s, view.texts, (show_s) => this.actions.scrub(show_s));
        this.#chapters?.heard(replay.position_s);
    }
    #closeWhy(view) {
        this.#why = null;
        view.extras.why.replaceChildren();
        view.focusWhy();
        this.actions.changed();
    }
    async #load(view, load) {
        try {
            return await load();
        }
        catch {
            view.told(view.texts.listener.partMissing, null);
            return null;
        }
    }
}
