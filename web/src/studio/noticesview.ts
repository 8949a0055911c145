// Notices as sentences, each with what mends it where a press can.

import { make, setText } from '../shared/dom.js';
import { keepFocus } from '../shared/focus.js';
import { noticesOf, type Notice } from './notices.js';
import type { Stage } from './stageview.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

interface Sentence {
  text: string;
  mend?: { label: string; pressed: () => void };
}

interface Row {
  root: HTMLElement;
  text: HTMLElement;
}

export function noticesPart(texts: Texts, stage: Stage): Step {
  // What is new is read out, and not all that stands beside it.
  const root = make('div', { class: 'notices', role: 'alert', 'aria-atomic': 'false' });
  const rows = new Map<string, Row>();
  let drawn = '';
  const drawRows = (sentences: Map<string, Sentence>): void => {
    for (const [key, row] of rows) {
      if (sentences.has(key)) continue;
      row.root.remove();
      rows.delete(key);
    }
    // Notices come in an order of their own, so the rows that stay are in it.
    [...sentences].forEach(([key, sentence], place) => {
      const row = rows.get(key) ?? rowOf(sentence);
      if (!rows.has(key)) root.insertBefore(row.root, root.children[place] ?? null);
      rows.set(key, row);
      setText(row.text, sentence.text);
    });
  };
  const update = (): void => {
    const { document, connection, devices, microphone, muted, muted_by_other, problem } = stage;
    const notices = noticesOf({ document, connection, blocked: connection.blocked, microphone, microphone_problem: devices.problem, muted, muted_by_other });
    const now = JSON.stringify([notices, problem]);
    if (now === drawn) return;
    drawn = now;
    const sentences = new Map<string, Sentence>();
    for (const notice of notices) {
      const sentence = sentenceOf(notice, texts, stage);
      if (sentence) sentences.set('warning' in notice ? `${notice.kind} ${notice.warning}` : notice.kind, sentence);
    }
    if (problem !== '') sentences.set('problem', { text: problem });
    keepFocus(root, () => drawRows(sentences), () => [...root.querySelectorAll('button')]);
  };
  update();
  return { root, update };
}

function rowOf({ mend }: Sentence): Row {
  const text = make('p');
  const root = make('div', { class: 'problem' }, text);
  if (mend) root.append(make('button', { type: 'button', onclick: mend.pressed }, mend.label));
  return { root, text };
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
