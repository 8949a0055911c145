import { make, setAttribute } from '../shared/dom.js';
const STEPS_S = {
    ArrowLeft: -5,
    ArrowDown: -5,
    ArrowRight: 5,
    ArrowUp: 5,
    PageDown: -60,
    PageUp: 60,
    Home: -Infinity,
};
export class StentorScrub extends HTMLElement {
    #range = make('input', { type: 'range', min: 0, max: 1, step: 1, value: 0 });
    #dragging = false;
    connectedCallback() {
        this.append(this.#range);
        this.#range.addEventListener('input', () => {
            this.#dragging = true;
            this.#fill();
            this.#tell('seeking');
        });
        this.#range.addEventListener('change', () => {
            this.#dragging = false;
            this.#tell('scrub');
        });
        for (const event of ['pointerup', 'pointercancel', 'blur'])
            this.#range.addEventListener(event, () => queueMicrotask(() => (this.#dragging = false)));
        this.#range.addEventListener('keydown', (event) => this.#onKey(event));
    }
    update(state) {
        const range = this.#range;
        range.disabled = !state.enabled;
        setAttribute(range, 'aria-label', state.label);
        if (this.#dragging)
            return;
        range.max = String(Math.max(1, Math.round(state.max_s)));
        range.value = String(Math.round(state.value_s));
        setAttribute(range, 'aria-valuetext', state.spoken);
        this.#fill();
    }
    #onKey(event) {
        const step_s = STEPS_S[event.key];
        if (event.altKey || event.ctrlKey || event.metaKey || (step_s === undefined && event.key !== 'End'))
            return;
        event.preventDefault();
        if (step_s === undefined)
            return void this.dispatchEvent(new CustomEvent('end'));
        const { value, max } = this.#range;
        this.#range.value = String(Math.min(Number(max), Math.max(0, Number(value) + step_s)));
        this.#fill();
        this.#tell('scrub');
    }
    #tell(what) {
        this.dispatchEvent(new CustomEvent(what, { detail: Number(this.#range.value) }));
    }
    #fill() {
        const share = Number(this.#range.value) / Number(this.#range.max);
        this.#range.style.setProperty('--fill', `${(share * 100).toFixed(2)}%`);
    }
}
customElements.define('stentor-scrub', StentorScrub);
