// Who is on the stage: a card each, in the order in which the stage names them.

import { icon, make, setAttribute, setText, show } from '../shared/dom.js';
import type { StagePerson } from './documents.js';
import { ICONS } from './icons.js';
import { drawLevel } from './level.js';
import { menuButton, type MenuItem } from './menu.js';
import { deedsOf, type Deed } from './rights.js';
import type { Stage } from './stageview.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

interface Card {
  root: HTMLElement;
  update(person: StagePerson): void;
}

export function peoplePart(texts: Texts, stage: Stage): Step {
  const list = make('ul', { class: 'people' });
  const root = make('section', { class: 'part', 'aria-labelledby': 'people' }, make('h2', { id: 'people' }, texts.people.title), list);
  const cards = new Map<number, Card>();
  const update = (): void => {
    const people = stage.document?.people ?? [];
    for (const [id, card] of cards) {
      if (people.some((person) => person.id === id)) continue;
      card.root.remove();
      cards.delete(id);
    }
    for (const person of people) {
      let card = cards.get(person.id);
      if (!card) {
        card = cardOf(texts, stage, person.id);
        cards.set(person.id, card);
        list.append(card.root);
      }
      card.update(person);
    }
  };
  update();
  return { root, update };
}

function cardOf(texts: Texts, stage: Stage, id: number): Card {
  const t = texts.people;
  const person = (): StagePerson | undefined => stage.document?.people.find((someone) => someone.id === id);
  const light = make('span', { class: 'light', 'aria-hidden': 'true' }, icon(ICONS.talking));
  const who = make('p', { class: 'who' });
  const role = make('p', { class: 'role' });
  const place = make('span', { class: 'badge' });
  const line = make('p', { class: 'person-line' });
  const level = make('span', { class: 'level', 'aria-hidden': 'true' }, make('i'));
  const warning = make('p', { class: 'warning' });
  const question = revokeQuestion(texts, stage, person, () => menu.button.focus());
  const menu = menuButton(t.menu(''), () => itemsOf(texts, stage, person(), question.ask));
  const root = make('li', { 'data-id': id }, light, make('div', { class: 'names' }, who, role), menu.root, make('div', { class: 'how' }, place, line), level, warning, question.root);
  const update = (somebody: StagePerson): void => {
    const me = somebody.id === stage.document?.you;
    // Without a connection nothing of this is known to be true any more.
    const known = stage.standpoint.standing !== 'reconnecting' && stage.standpoint.standing !== 'connecting';
    const here = known && somebody.connected;
    const heard = here && !somebody.muted;
    setText(who, me ? t.you(somebody.name) : somebody.name);
    setText(role, texts.role[somebody.role]);
    setText(place, placeWord(texts, stage, somebody));
    place.classList.toggle('on', stage.document?.phase === 'on_air' && somebody.place === 'on_air' && heard);
    root.classList.toggle('talking', somebody.talking && heard);
    root.classList.toggle('away', !here);
    setText(line, known ? lineOf(texts, somebody) : '');
    drawLevel(level, heard ? somebody.level_dbfs : null);
    const said = me || !here ? '' : warningText(texts, somebody);
    setText(warning, said);
    show(warning, said !== '');
    // What I may do to myself is in the bar; what only others may do to me is not mine to see.
    show(menu.root, menuDeeds(stage, somebody).length > 0);
    setAttribute(menu.button, 'aria-label', t.menu(somebody.name));
    question.update(somebody);
  };
  return { root, update };
}

function placeWord(texts: Texts, stage: Stage, person: StagePerson): string {
  if (!person.connected) return texts.people.away;
  if (person.place === 'backstage') return texts.people.backstage;
  return stage.document?.phase === 'on_air' ? texts.people.onAir : texts.people.ready;
}

function lineOf(texts: Texts, person: StagePerson): string {
  if (!person.connected) return '';
  const parts = person.muted ? [texts.people.muted] : [];
  if (person.line) parts.push(texts.line(person.line, person.path));
  if (!person.noise_suppression) parts.push(texts.people.rawSound);
  return parts.join(' · ');
}

function warningText(texts: Texts, person: StagePerson): string {
  const known = person.warnings.filter((warning) => !(warning === 'silent' && person.muted));
  return known.map((warning) => texts.warningOf[warning]?.(person.name) ?? '').filter((text) => text !== '').join(' ');
}

/** The deeds that this person's menu offers. Nobody's microphone is opened by somebody else. */
function menuDeeds(stage: Stage, person: StagePerson): Deed[] {
  const { me } = stage;
  if (!me) return [];
  const own = me.id === person.id;
  return deedsOf(me, person).filter((deed) => (own ? deed === 'noise_suppression' : deed !== 'mute' || !person.muted));
}

function itemsOf(texts: Texts, stage: Stage, person: StagePerson | undefined, askRevoke: () => void): MenuItem[] {
  if (!person) return [];
  const t = texts.people;
  const { id, place, noise_suppression } = person;
  const items: Record<Deed, () => MenuItem> = {
    mute: () => ({ label: t.mute, pressed: () => void stage.order({ command: 'mute', person: id, muted: true }) }),
    place: () =>
      place === 'backstage'
        ? { label: t.toAir(stage.document?.phase === 'on_air'), pressed: () => void stage.order({ command: 'place', person: id, place: 'on_air' }) }
        : { label: t.toBackstage, pressed: () => void stage.order({ command: 'place', person: id, place: 'backstage' }) },
    noise_suppression: () => ({
      label: noise_suppression ? t.noiseOff : t.noiseOn,
      pressed: () => void stage.order({ command: 'noise_suppression', person: id, on: !noise_suppression }),
    }),
    remove: () => ({ label: t.remove, grave: true, pressed: () => void stage.order({ command: 'remove', person: id }) }),
    revoke: () => ({ label: t.revoke, grave: true, pressed: askRevoke }),
  };
  return menuDeeds(stage, person).map((deed) => items[deed]());
}

/** A revoked link never opens again, so it is asked about once more, on the card it is about. */
function revokeQuestion(texts: Texts, stage: Stage, person: () => StagePerson | undefined, answered: () => void): Card & { ask(): void } {
  const t = texts.people;
  const text = make('p');
  const answer = (revoke: boolean): void => {
    show(root, false);
    answered();
    const id = person()?.id;
    if (revoke && id !== undefined) void stage.order({ command: 'revoke', person: id });
  };
  const yes = make('button', { type: 'button', class: 'primary', onclick: () => answer(true) }, t.revokeYes);
  const no = make('button', { type: 'button', onclick: () => answer(false) }, texts.cancel);
  const root = make('div', { class: 'question', role: 'alert' }, text, make('div', { class: 'row' }, yes, no));
  root.hidden = true;
  return {
    root,
    update: ({ name }) => setText(text, t.revokeSure(name)),
    ask: () => {
      show(root, true);
      no.focus();
    },
  };
}
