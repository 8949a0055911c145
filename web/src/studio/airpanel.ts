// The largest thing on the page: whether I am on air and who hears me. And the bar by which I change it.

import { icon, make, setAttribute, setText, show } from '../shared/dom.js';
import { clockText } from '../shared/timetext.js';
import { ICONS } from './icons.js';
import { drawLevel } from './level.js';
import { deedsOf } from './rights.js';
import type { Stage } from './stageview.js';
import type { Standing } from './standing.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

const SIGNS: Record<Standing, keyof typeof ICONS> = {
  connecting: 'waiting',
  reconnecting: 'broken',
  no_microphone: 'muted',
  backstage: 'backstage',
  ready: 'waiting',
  on_air: 'on_air',
  on_air_muted: 'muted',
  ending: 'waiting',
  ended: 'waiting',
};

export function airPanel(texts: Texts, stage: Stage): Step {
  const title = make('h1', { class: 'air-title' });
  const sign = make('span', { class: 'air-sign' });
  const word = make('p', { class: 'air-word' });
  const text = make('p', { class: 'air-text' });
  // Who hears me changes whenever somebody comes or goes: it is there to be read, and not said aloud each time.
  const hearers = make('p', { class: 'air-text hearers' });
  const line = make('p', { class: 'air-line' });
  const time = make('p', { class: 'air-time' });
  const root = make('div', { class: 'air' }, title, make('div', { class: 'air-head' }, sign, make('div', { role: 'status' }, word, text)), hearers, make('div', { class: 'air-foot' }, line, time));
  let signed: Standing | null = null;
  const update = (): void => {
    const { standing } = stage.standpoint;
    if (signed !== standing) {
      signed = standing;
      sign.replaceChildren(icon(ICONS[SIGNS[standing]]));
      setAttribute(root, 'data-standing', standing);
    }
    setText(title, stage.document?.title ?? stage.session.title);
    setText(word, texts.standing[standing]);
    setText(text, standingText(texts, stage));
    const heard = hearersText(texts, stage);
    setText(hearers, heard);
    show(hearers, heard !== '');
    // The countdown stands outside of the status: read out each second, it would talk over everything else.
    setText(line, retryText(texts, stage) || lineText(texts, stage));
    setText(time, timeText(texts, stage));
  };
  update();
  return { root, update };
}

/** Mute, place, level: at hand wherever the page is scrolled to. */
export function myBar(texts: Texts, stage: Stage): Step {
  const t = texts.stage;
  const mute = make('button', { type: 'button', class: 'mute', onclick: () => stage.mute(!stage.muted) });
  const sign = make('span', { class: 'mute-sign' });
  const label = make('span');
  mute.append(sign, label);
  const place = make('button', { type: 'button', class: 'place', onclick: () => move() });
  const level = make('div', { class: 'level', role: 'img', 'aria-label': t.level }, make('i'));
  const root = make('div', { class: 'bar' }, mute, place, level);
  const move = (): void => {
    const { me } = stage;
    if (me) void stage.order({ command: 'place', person: me.id, place: me.place === 'backstage' ? 'on_air' : 'backstage' });
  };
  let drawn: boolean | null = null;
  const update = (): void => {
    const { me, muted } = stage;
    if (drawn !== muted) {
      drawn = muted;
      sign.replaceChildren(icon(muted ? ICONS.muted : ICONS.microphone));
      mute.classList.toggle('muted', muted);
      setText(label, muted ? t.unmute : t.mute);
    }
    show(place, me !== null && deedsOf(me, me).includes('place'));
    setText(place, me?.place === 'backstage' ? t.toAir(stage.document?.phase === 'on_air') : t.toBackstage);
    drawLevel(level, muted ? null : stage.level_dbfs);
  };
  update();
  return { root, update };
}

function standingText(texts: Texts, stage: Stage): string {
  const { standing } = stage.standpoint;
  if (standing === 'connecting' && stage.connection.failures > 0) return texts.standingText.retrying;
  if (standing === 'ready' && stage.document?.phase === 'announced') return texts.standingText.closed;
  return texts.standingText[standing];
}

function retryText(texts: Texts, stage: Stage): string {
  const { retry_at } = stage.connection;
  const left_s = retry_at === null ? 0 : Math.ceil((retry_at - Date.now()) / 1000);
  return left_s > 0 ? texts.stage.retry(left_s) : '';
}

function hearersText(texts: Texts, stage: Stage): string {
  const { standing, audience, hearers } = stage.standpoint;
  const t = texts.hearers;
  if (standing === 'connecting' || standing === 'reconnecting' || standing === 'no_microphone' || standing === 'ended') return '';
  if (stage.muted) return standing === 'on_air_muted' ? '' : t.muted;
  const names = texts.names(hearers);
  if (audience === 'everybody') return t.everybody(stage.document?.delay_s ?? 0);
  if (audience === 'backstage') return t.backstage(names);
  if (audience === 'stage') return t.stage(names);
  return standing === 'backstage' ? t.nobodyBackstage : t.nobody;
}

/** The line in words: the worse of what the stage hears and what the browser counts. */
function lineText(texts: Texts, stage: Stage): string {
  const { me, line, standpoint } = stage;
  const connected = standpoint.standing !== 'connecting' && standpoint.standing !== 'reconnecting';
  if (!connected || !me?.connected || !me.line) return '';
  const own = line?.grade === 'bad' ? 'poor' : line?.grade === 'usable' ? 'fair' : 'good';
  const worst = [me.line, own].includes('poor') ? 'poor' : [me.line, own].includes('fair') ? 'fair' : 'good';
  const words = texts.line(worst, me.path);
  return worst === 'good' || !line || line.grade === 'good' ? words : `${words}. ${texts.check.line[line.finding]}`;
}

function timeText(texts: Texts, stage: Stage): string {
  const { document } = stage;
  const running = document?.phase === 'on_air' && document.on_air_at !== null;
  const parts = running ? [clockText((stage.now - document.on_air_at!) / 1000)] : [];
  if (document?.listeners != null && document.phase !== 'announced') parts.push(texts.stage.listeners(document.listeners));
  return parts.join(' · ');
}
