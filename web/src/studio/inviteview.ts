// A link for somebody else, made and copied without leaving the stage.

import type { Role } from '../shared/documents.js';
import { copyText, make, setText, show } from '../shared/dom.js';
import { clearTyped } from '../shared/typed.js';
import type { Invited, Place } from './documents.js';
import { invites } from './rights.js';
import type { Stage } from './stageview.js';
import type { Step } from './steps.js';
import type { Texts } from './texts.js';

const LABEL_CHARS_MAX = 40;

export function invitePart(texts: Texts, stage: Stage): Step {
  const t = texts.invite;
  const label = make('input', { type: 'text', id: 'invite-label', maxlength: LABEL_CHARS_MAX, required: true, autocomplete: 'off' });
  const roles = invites(stage.session.role).map((role) => make('option', { value: role }, texts.role[role]));
  const role = make('select', { id: 'invite-role' }, ...roles);
  const enters = make('select', { id: 'invite-enters' }, make('option', { value: 'backstage' }, t.entersBackstage), make('option', { value: 'on_air' }, t.entersOnAir));
  const made = madeLink(texts);
  const submitted = async (event: Event): Promise<void> => {
    event.preventDefault();
    const who = label.value.trim();
    if (who === '') return;
    const order = { command: 'invite', role: role.value as Role, label: who, enters: enters.value as Place } as const;
    const invited = await stage.order<Invited>(order);
    if (!invited) return;
    clearTyped(label.id, who);
    const { name, title, show: id } = stage.session;
    made.tell(who, t.words(stage.me?.name ?? name, (stage.document?.title ?? title) || id, invited.link.url), invited.link.url);
  };
  const form = make(
    'form',
    { onsubmit: (event: Event) => void submitted(event) },
    make('div', { class: 'field' }, make('label', { for: 'invite-label' }, t.label), label),
    make('div', { class: 'field' }, make('label', { for: 'invite-role' }, t.role), role),
    make('div', { class: 'field' }, make('label', { for: 'invite-enters' }, t.enters), enters),
    make('button', { type: 'submit' }, t.make),
  );
  const summary = make('summary', {}, make('h2', {}, t.title));
  const root = make('section', { class: 'part' }, make('details', {}, summary, form, made.root));
  return { root, update: () => undefined };
}

/** The newest invitation, to be copied. Whoever has its link comes in, so it is shown to nobody but its maker. */
function madeLink(texts: Texts): { root: HTMLElement; tell(who: string, words: string, url: string): void } {
  const t = texts.invite;
  const heading = make('label', { for: 'invite-words' });
  const field = make('textarea', { id: 'invite-words', rows: 6, readonly: true, onfocus: () => field.select() });
  const said = make('p', { class: 'soft small', role: 'status' });
  let link = '';
  const copied = async (text: string): Promise<void> => {
    const worked = await copyText(text);
    setText(said, worked ? texts.copied : t.copyYourself);
    if (worked) return;
    field.focus();
    field.setSelectionRange(field.value.length - text.length, field.value.length);
  };
  const copy = make('button', { type: 'button', class: 'primary', onclick: () => void copied(field.value) }, t.copy);
  const copyLink = make('button', { type: 'button', onclick: () => void copied(link) }, t.copyLink);
  const root = make('div', { class: 'made' }, make('div', { class: 'field' }, heading, field), make('div', { class: 'row' }, copy, copyLink), said);
  root.hidden = true;
  const tell = (who: string, words: string, url: string): void => {
    setText(heading, t.linkFor(who));
    field.value = words;
    link = url;
    setText(said, '');
    show(root, true);
    copy.focus();
  };
  return { root, tell };
}
