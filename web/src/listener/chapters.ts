// The recording in chapters by who speaks, from the marks. Pure.

import type { Mark } from '../shared/documents.js';

export interface Chapter {
  /** Seconds of the show. */
  start_s: number;
  end_s: number;
  names: string[];
}

/** Shorter turns are part of the chapter around them: a laugh or a yes is no chapter. */
const TURN_S_MIN = 5;
/** A player that is sent to a chapter's start may say that it is a little before: it counts in its own units. */
const START_LEEWAY_S = 0.05;
/** More than anybody scrolls through on a phone: 100 lines of 44 px are six screens. */
const CHAPTERS_MAX = 100;

/** Chapters from 0 to `duration_s` of the show, which began at `on_air_at_s` of the media clock. */
export function chaptersOf(marks: readonly Mark[], on_air_at_s: number, duration_s: number): Chapter[] {
  const turns = turnsOf(marks, on_air_at_s, duration_s);
  for (let turn_s = TURN_S_MIN; ; turn_s *= 2) {
    const chapters = joined(turns, turn_s);
    if (chapters.length <= CHAPTERS_MAX) return chapters;
  }
}

/** The chapter at a second of the show; -1 before the first. */
export function chapterAt(chapters: readonly Chapter[], show_s: number): number {
  return chapters.filter((chapter) => chapter.start_s <= show_s + START_LEEWAY_S).length - 1;
}

/** Stretches of the show in which the same people speak, silence included. */
function turnsOf(marks: readonly Mark[], on_air_at_s: number, duration_s: number): Chapter[] {
  const turns: Chapter[] = [];
  for (const mark of marks) {
    if (mark.kind !== 'speaking' && mark.kind !== 'slate') continue;
    const start_s = Math.max(0, mark.at_s - on_air_at_s);
    if (start_s >= duration_s) break;
    const last = turns[turns.length - 1];
    // What was said before second 0 only tells who speaks at second 0.
    if (last && last.start_s >= start_s) turns.pop();
    else if (last) last.end_s = start_s;
    turns.push({ start_s, end_s: duration_s, names: mark.kind === 'speaking' ? (mark.names ?? []) : [] });
  }
  return turns;
}

/** Turns of at least `turn_s`, each with the pauses and the short turns of others that follow it. */
function joined(turns: readonly Chapter[], turn_s: number): Chapter[] {
  const chapters: Chapter[] = [];
  for (const turn of turns) {
    const last = chapters[chapters.length - 1];
    const short = turn.names.length === 0 || turn.end_s - turn.start_s < turn_s;
    if (last && (short || sameNames(last.names, turn.names))) last.end_s = turn.end_s;
    else if (!short) chapters.push({ ...turn });
  }
  const first = chapters[0];
  // The pause before the first word belongs to whoever says it.
  if (first) first.start_s = 0;
  return chapters;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
