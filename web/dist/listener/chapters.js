const TURN_S_MIN = 5;
const START_LEEWAY_S = 0.05;
const CHAPTERS_MAX = 100;
export function chaptersOf(marks, on_air_at_s, duration_s) {
    const turns = turnsOf(marks, on_air_at_s, duration_s);
    for (let turn_s = TURN_S_MIN;; turn_s *= 2) {
        const chapters = joined(turns, turn_s);
        if (chapters.length <= CHAPTERS_MAX)
            return chapters;
    }
}
export function chapterAt(chapters, show_s) {
    return chapters.filter((chapter) => chapter.start_s <= show_s + START_LEEWAY_S).length - 1;
}
function turnsOf(marks, on_air_at_s, duration_s) {
    const turns = [];
    for (const mark of marks) {
        if (mark.kind !== 'speaking' && mark.kind !== 'slate')
            continue;
        const start_s = Math.max(0, mark.at_s - on_air_at_s);
        if (start_s >= duration_s)
            break;
        const last = turns[turns.length - 1];
        if (last && last.start_s >= start_s)
            turns.pop();
        else if (last)
            last.end_s = start_s;
        turns.push({ start_s, end_s: duration_s, names: mark.kind === 'speaking' ? (mark.names ?? []) : [] });
    }
    return turns;
}
function joined(turns, turn_s) {
    const chapters = [];
    for (const turn of turns) {
        const last = chapters[chapters.length - 1];
        const short = turn.names.length === 0 || turn.end_s - turn.start_s < turn_s;
        if (last && (short || sameNames(last.names, turn.names)))
            last.end_s = turn.end_s;
        else if (!short)
            chapters.push({ ...turn });
    }
    const first = chapters[0];
    if (first)
        first.start_s = 0;
    return chapters;
}
function sameNames(a, b) {
    return a.length === b.length && a.every((name) => b.includes(name));
}
