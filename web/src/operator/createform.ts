// The form that makes a show.

import { make } from '../shared/dom.js';
import type { Texts } from '../shared/language.js';
import type { NewShow } from './desk.js';

/** Calls `create` with what was filled in; empties itself when that gives true. */
export function createForm(texts: Texts, create: (show: NewShow) => Promise<boolean>): HTMLElement {
  const t = texts.operator;
  const id = make('input', { type: 'text', id: 'show-id', required: true, maxlength: 63, pattern: '[a-z0-9]([a-z0-9\\-]*[a-z0-9])?', autocapitalize: 'none', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'show-id-hint' });
  const title = make('input', { type: 'text', id: 'show-title', maxlength: 120, autocomplete: 'off' });
  const start = make('input', { type: 'datetime-local', id: 'show-start' });
  const language = make('select', { id: 'show-language' }, make('option', { value: 'en' }, 'English'), make('option', { value: 'de' }, 'Deutsch'));
  language.value = texts.language;
  const field = (label: string, control: HTMLElement, hint?: HTMLElement): HTMLElement =>
    make('div', { class: 'field' }, make('label', { for: control.id }, label), control, ...(hint ? [hint] : []));
  const submitted = async (event: Event): Promise<void> => {
    event.preventDefault();
    const show: NewShow = { id: id.value, language: language.value };
    if (title.value.trim()) show.title = title.value.trim();
    // The field gives local time without a zone, which Date reads as local time.
    if (start.value) show.starts_at = new Date(start.value).getTime();
    if (await create(show)) form.reset();
  };
  const form = make(
    'form',
    { class: 'create', onsubmit: (event) => void submitted(event) },
    field(t.id, id, make('p', { id: 'show-id-hint', class: 'soft small' }, t.idHint)),
    field(t.showTitle, title),
    field(t.startsAt, start),
    field(t.showLanguage, language),
    make('button', { type: 'submit', class: 'primary' }, t.create),
  );
  return make('details', { class: 'creation' }, make('summary', {}, t.create), form);
}
