// What the waiting room says. Pure.

import type { Standing } from './gate.js';
import type { Facts, Stage } from './situation.js';
import type { WaitingTexts } from './texts.js';

export interface Waited {
  standing: Standing | null;
  /** Another page of this browser hears with the ticket of this one. */
  elsewhere: boolean;
}

/** What counts, so that none of it is read aloud as it changes; `later` says where the recording will be. */
export interface Waiting {
  place: string;
  wait: string;
  later: string;
}

const HOUR_S = 3_600;

/** The sentence for whoever is not inside; `null` where the gate changes nothing. */
export function waitingSentence({ standing, elsewhere }: Waited, { status, player }: Facts, stage: Stage, t: WaitingTexts): string | null {
  const pressed = player.phase === 'in_line';
  if (elsewhere && player.phase === 'stopped') return t.elsewhere;
  if (!status?.gate || !standing || (!pressed && player.phase !== 'stopped')) return null;
  const { open, seats, waiting } = status.gate;
  // With room for everybody the gate is not seen.
  if (stage === 'closed' && waiting <= seats) return pressed ? t.early : null;
  if (stage === 'closed') return pressed ? t.drawn : t.crowded;
  if (open || (stage !== 'doors' && stage !== 'live')) return null;
  if (standing.kind === 'called') return pressed ? null : t.called;
  if (pressed) return `${t.taken(seats)} ${standing.kind === 'waiting' ? t.inLine : t.arriving}`;
  return standing.kind === 'unticketed' ? `${t.taken(seats)} ${t.press}` : t.pressToo;
}

/** Place and wait, as long as there is somebody who tells them. */
export function waitingOf({ standing }: Waited, { status, silence, player }: Facts, stage: Stage, t: WaitingTexts): Waiting | null {
  if (!status?.gate || !standing || silence || (player.phase !== 'in_line' && player.phase !== 'stopped')) return null;
  const { open, seats, waiting } = status.gate;
  const { later } = t;
  if (stage === 'closed') return waiting <= seats ? null : { place: t.here(waiting, seats), wait: '', later };
  if (open || standing.kind !== 'waiting' || (stage !== 'doors' && stage !== 'live')) return null;
  const { before, wait_s } = standing;
  const place = before === null ? '' : before === 0 ? t.next : t.place(before + 1);
  return { place, wait: waitText(wait_s, t), later };
}

function waitText(wait_s: [number, number] | null, t: WaitingTexts): string {
  if (!wait_s) return t.waitUnknown;
  const [low_s, high_s] = wait_s;
  if (high_s < 60) return t.waitSoon;
  const unit_s = low_s < HOUR_S ? 60 : HOUR_S;
  return t.wait(Math.max(1, Math.round(low_s / unit_s)), Math.round(high_s / unit_s), unit_s === HOUR_S);
}
