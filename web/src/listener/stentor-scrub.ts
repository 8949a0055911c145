// <stentor-scrub>: the bar over the show so far. Fires `scrub` with the chosen second in `detail`.

import { make, setAttribute } from '../shared/dom.js';

export interface ScrubState {
  value_s: number;
  max_s: number;
  enabled: boolean;
  /** Name and value for screen readers. */
  label: string;
  spoken: string;
}

export class StentorScrub extends HTMLElement {
  #range = make('input', { type: 'range', min: 0, max: 1, step: 1, value: 0 });
  #dragging = false;

  connectedCallback(): void {
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

  update(state: ScrubState): void {
    const range = this.#range;
    range.disabled = !state.enabled;
    setAttribute(range, 'aria-label', state.label);
    if (this.#dragging) return;
    range.max = String(Math.max(1, Math.round(state.max_s)));
    range.value = String(Math.round(state.value_s));
    setAttribute(range, 'aria-valuetext', state.spoken);
    this.#fill();
  }

  #fill(): void {
    const share = Number(this.#range.value) / Number(this.#range.max);
    this.#range.style.setProperty('--fill', `${(share * 100).toFixed(2)}%`);
  }
}

customElements.define('stentor-scrub', StentorScrub);
