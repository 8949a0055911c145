// What the marks say about a moment of the show.

import type { Mark, SlateReason } from './documents.js';

/** All marks known so far, in the order of the media clock. The same mark may be added often. */
export class Marks {
  #marks: Mark[] = [];
  #known = new Set<string>();

  add(marks: readonly Mark[]): void {
    let grown = false;
    for (const mark of marks) {
      const name = JSON.stringify([mark.at_s, mark.kind, mark.names, mark.reason, mark.title]);
      if (this.#known.has(name)) continue;
      this.#known.add(name);
      this.#marks.push(mark);
      grown = true;
    }
    // The sort is stable: marks of one moment stay in the order in which they were told.
    if (grown) this.#marks.sort((a, b) => a.at_s - b.at_s);
  }

  /** Every mark known, in the order of the media clock. */
  get all(): readonly Mark[] {
    return this.#marks;
  }

  /** Who speaks at `at_s`; `null` when no mark tells. */
  speakingAt(at_s: number): string[] | null {
    const mark = this.#lastBefore(at_s, (m) => m.kind === 'speaking' || m.kind === 'slate');
    if (!mark) return null;
    return mark.kind === 'speaking' ? (mark.names ?? []) : [];
  }

  /** Why there is slate at `at_s`; `null` when the stage is heard or no mark tells. */
  slateAt(at_s: number): SlateReason | null {
    const mark = this.#lastBefore(at_s, (m) => m.kind === 'slate' || m.kind === 'slate_over');
    return mark?.kind === 'slate' ? (mark.reason ?? null) : null;
  }

  /** The title at `at_s`, when a mark changed it. */
  titleAt(at_s: number): string | null {
    return this.#lastBefore(at_s, (m) => m.kind === 'title')?.title ?? null;
  }

  #lastBefore(at_s: number, wanted: (mark: Mark) => boolean): Mark | null {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#marks[middle]!.at_s <= at_s) low = middle + 1;
      else high = middle;
    }
    for (let i = low - 1; i >= 0; i -= 1) {
      const mark = this.#marks[i]!;
      if (wanted(mark)) return mark;
    }
    return null;
  }
}
