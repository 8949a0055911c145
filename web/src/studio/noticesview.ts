// Notices as sentences, each with what mends it where a press can.

import { make } from '../shared/dom.js';
import { noticesOf, type Notice } from './notices.js';
import type { Stage } from './stageview.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

interface Sentence {
  text: string;
  mend?: { label: string; pressed: () => void };
}

export function noticesPart(texts: Texts, stage: Stage): Step {
  const root = make('div', { class: 'notices', role: 'alert' });
  let drawn = '';
  const update = (): void => {
    const { document, connection, devices, microphone, muted, muted_by_other, problem } = stage;
    const notices = noticesOf({ document, connection, blocked: connection.blocked, microphone, microphone_problem: devices.problem, muted, muted_by_other });
    const now = JSON.stringify([notices, problem]);
    if (now === drawn) return;
    drawn = now;
    const sentences = notices.flatMap((notice) => sentenceOf(notice, texts, stage) ?? []);
    if (problem !== '') sentences.push({ text: problem });
    root.replaceChildren(...sentences.map(drawSentence));
  };
  update();
  return { root, update };
}

function drawSentence({ text, mend }: Sentence): HTMLElement {
  const sentence = make('div', { class: 'problem' }, make('p', {}, text));
  if (mend) sentence.append(make('button', { type: 'button', onclick: mend.pressed }, mend.label));
  return sentence;
}

/** Warnings of a newer server, which there are no words for, are left out. */
function sentenceOf(notice: Notice, texts: Texts, stage: Stage): Sentence | null {
  const t = texts.notice;
  switch (notice.kind) {
    case 'blocked':
      return { text: t.blocked, mend: { label: t.hearOthers, pressed: () => stage.hear() } };
    case 'refused':
      return { text: stage.sentence(notice.problem) };
    case 'server_silent':
      return { text: t.serverSilent };
    case 'no_way':
      return { text: t.noWay };
    case 'microphone_lost':
      return { text: notice.problem === null ? t.microphoneLost : texts.check.problem[notice.problem], mend: { label: t.reopen, pressed: () => stage.reopen() } };
    case 'microphone_taken':
      return { text: t.microphoneTaken };
    case 'muted_by_other':
      return { text: t.mutedByOther };
    case 'nobody_on_air':
      return { text: t.nobodyOnAir };
    case 'mine':
      return said(texts.warningMine[notice.warning]);
    case 'show':
      return said(texts.warningShow[notice.warning]);
  }
}

function said(text: string | undefined): Sentence | null {
  return text === undefined ? null : { text };
}
