// The stage: what I am, who is here, and what one can do about it. Each part is an element that is told to update.

import type { LineFinding } from './check/line.js';
import type { Verdict } from './check/verdict.js';
import { airPanel, myBar } from './airpanel.js';
import { devicesPart, type Devices } from './devicesview.js';
import type { Order, StageDocument, StagePerson, StageSession } from './documents.js';
import { handsPart } from './handsview.js';
import { invitePart } from './inviteview.js';
import { messagePart, saying } from './messageview.js';
import type { MicrophoneState } from './microphone.js';
import type { Tries } from './notices.js';
import { noticesPart } from './noticesview.js';
import { peoplePart } from './peopleview.js';
import { runsTheShow } from './rights.js';
import { showControls } from './showcontrols.js';
import type { Standpoint } from './standing.js';
import { copyText, make, setText } from '../shared/dom.js';
import type { Problem } from '../shared/problem.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

/** The connection to the stage, as far as it is to be told of. */
export interface Connection extends Tries {
  /** When it is tried again, if it waits for that. */
  readonly retry_at: number | null;
  /** The browser wants a press before it lets the others be heard. */
  readonly blocked: boolean;
}

/** What the page knows of the stage, and what it can ask of it. */
export interface Stage {
  readonly session: StageSession;
  /** The newest event; `null` until the first. */
  readonly document: StageDocument | null;
  readonly me: StagePerson | null;
  readonly standpoint: Standpoint;
  /** Unix time of the server. */
  readonly now: number;
  readonly connection: Connection;
  readonly devices: Devices;
  /** The connection as the browser counts it. */
  readonly line: Verdict<LineFinding> | null;
  readonly muted: boolean;
  readonly muted_by_other: boolean;
  readonly microphone: MicrophoneState;
  readonly level_dbfs: number;
  /** Why the last order was refused. */
  readonly problem: string;
  mute(muted: boolean): void;
  /** What a refusal says in the page's language. */
  sentence(problem: Problem): string;
  order<T>(order: Order): Promise<T | null>;
  hear(): void;
  reopen(): void;
  leave(): void;
}

export function stageStep(texts: Texts, stage: Stage): Step {
  const runs = runsTheShow(stage.session.role);
  const air = airPanel(texts, stage);
  const notices = noticesPart(texts, stage);
  const people = peoplePart(texts, stage);
  const bar = myBar(texts, stage);
  const mine = [air, notices, bar, saying(texts, stage, 'stage'), saying(texts, stage, 'everyone')];
  const others = [people];
  if (runs) {
    mine.push(showControls(texts, stage));
    others.push(handsPart(texts, stage), messagePart(texts, stage), invitePart(texts, stage));
  }
  mine.push(devicesPart(texts, stage));
  const root = make(
    'section',
    { class: 'stage' },
    make('div', { class: 'mine' }, ...mine.map((part) => part.root), ways(texts, stage)),
    make('div', { class: 'others' }, ...others.map((part) => part.root)),
  );
  const parts = [...mine, ...others];
  return { root, update: () => parts.forEach((part) => part.update()) };
}

/** The ways out of the studio: the link for listeners, and the door. */
function ways(texts: Texts, stage: Stage): HTMLElement {
  const t = texts.stage;
  const copied = async (): Promise<void> => {
    setText(copy, (await copyText(stage.session.listen_url)) ? texts.copied : stage.session.listen_url);
    setTimeout(() => setText(copy, t.copyLink), 2500);
  };
  const copy = make('button', { type: 'button', onclick: () => void copied() }, t.copyLink);
  const leave = make('button', { type: 'button', class: 'quiet', onclick: () => stage.leave() }, t.leave);
  return make('div', { class: 'row' }, copy, leave);
}
