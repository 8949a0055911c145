import { make, setAttribute } from '../shared/dom.js';
export class StentorScrub extends HTMLElement {
    #range = make('input', { type: 'range', min: 0, max: 1, step: 1, value: 0 });
    #dragging = false;
    connectedCallback() {
        this.append(this.#range);
        this.#range.addEventListener('input', () => {
            this.#dragging = true;
            this.#fill();
        });
        this.#range.addEventListener('change', () => {
            this.#dragging = false;
            this.dispatchEvent(new CustomEvent('scrub', { detail: Number(this.#range.value), bubbles: true }));
        });
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
    #fill() {
        const share = Number(this.#range.value) / Number(this.#range.max);
        this.#range.style.setProperty('--fill', `${(share * 100).toFixed(2)}%`);
    }
}
customElements.define('stentor-scrub', StentorScrub);
