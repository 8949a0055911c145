// The steps around the stage, as elements: what is missing, the invitation, the way back.

import { make, setText, show } from '../shared/dom.js';
import type { Texts } from './texts.js';

/** A step of the studio; `update` may be called often. */
export interface Step {
  root: HTMLElement;
  update(): void;
}

/** A page that only says something, with one way out at most. */
export function messageStep(title: string, text: string, button?: { label: string; pressed: () => void }): Step {
  return said(title, make('p', { class: 'soft' }, text), button);
}

/** The same for what was refused, which is said aloud. */
export function refusalStep(title: string, text: string): Step {
  return said(title, make('p', { class: 'problem', role: 'alert' }, text));
}

function said(title: string, text: HTMLElement, button?: { label: string; pressed: () => void }): Step {
  const root = make('section', { class: 'card' }, make('h1', {}, title), text);
  if (button) root.append(make('button', { type: 'button', class: 'primary', onclick: button.pressed }, button.label));
  return { root, update: () => undefined };
}

export interface Invitation {
  /** What the show's address calls it: its title is told to those only who have come in. */
  show: string;
  name: string;
  /** The notice says that each voice is kept apart. */
  own_tracks: boolean;
  busy: boolean;
  problem: string;
  agreed(name: string): void;
}

/** The invitation: a name, the notice, and the click that agrees to it. */
export function inviteStep(texts: Texts, invitation: Invitation): Step {
  const t = texts.invitation;
  const name = make('input', { type: 'text', id: 'name', maxlength: 40, required: true, autocomplete: 'name', value: invitation.name, 'aria-describedby': 'name-hint' });
  const agree = make('input', { type: 'checkbox', id: 'agree', required: true });
  const enter = make('button', { type: 'submit', class: 'primary' }, t.enter);
  const problem = make('p', { class: 'problem', role: 'alert' });
  const submitted = (event: Event): void => {
    event.preventDefault();
    if (agree.checked && name.value.trim()) invitation.agreed(name.value.trim());
  };
  const root = make(
    'section',
    { class: 'card' },
    make('h1', {}, t.hello),
    make('p', { class: 'soft' }, t.show(invitation.show)),
    make(
      'form',
      { onsubmit: submitted },
      make('div', { class: 'field' }, make('label', { for: 'name' }, t.name), name, make('p', { id: 'name-hint', class: 'soft small' }, t.nameHint)),
      make(
        'div',
        { class: 'notice' },
        make('h2', {}, t.notice),
        make('p', {}, t.noticeText),
        ...(invitation.own_tracks ? [make('p', {}, t.ownTracks)] : []),
        make('label', { class: 'check' }, agree, make('span', {}, t.agree)),
      ),
      problem,
      enter,
    ),
  );
  const update = (): void => {
    enter.disabled = invitation.busy;
    setText(problem, invitation.problem);
    show(problem, invitation.problem !== '');
  };
  update();
  return { root, update };
}
