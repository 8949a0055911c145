export class Marks {
    #marks = [];
    #known = new Set();
    add(marks) {
        let grown = false;
        for (const mark of marks) {
            const name = JSON.stringify([mark.at_s, mark.kind, mark.names, mark.reason, mark.title]);
            if (this.#known.has(name))
                continue;
            this.#known.add(name);
            this.#marks.push(mark);
            grown = true;
        }
        if (grown)
            this.#marks.sort((a, b) => a.at_s - b.at_s);
    }
    get all() {
        return this.#marks;
    }
    speakingAt(at_s) {
        const mark = this.#lastBefore(at_s, (m) => m.kind === 'speaking' || m.kind === 'slate');
        if (!mark)
            return null;
        return mark.kind === 'speaking' ? (mark.names ?? []) : [];
    }
    slateAt(at_s) {
        const mark = this.#lastBefore(at_s, (m) => m.kind === 'slate' || m.kind === 'slate_over');
        return mark?.kind === 'slate' ? (mark.reason ?? null) : null;
    }
    titleAt(at_s) {
        return this.#lastBefore(at_s, (m) => m.kind === 'title')?.title ?? null;
    }
    #lastBefore(at_s, wanted) {
        let low = 0;
        let high = this.#marks.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.#marks[middle].at_s <= at_s)
                low = middle + 1;
            else
                high = middle;
        }
        for (let i = low - 1; i >= 0; i -= 1) {
            const mark = this.#marks[i];
            if (wanted(mark))
                return mark;
        }
        return null;
    }
}
