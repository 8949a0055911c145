// The form that makes a show.

import { make, setText } from '../shared/dom.js';
import { LANGUAGES, type Texts } from '../shared/language.js';
import { dateText } from '../shared/timetext.js';
import { clearTyped } from '../shared/typed.js';
import type { NewShow } from './desk.js';
import { explain } from './validity.js';

/** Calls `create` with what was filled in; empties itself when that gives true. */
export function createForm(texts: Texts, create: (show: NewShow) => Promise<boolean>): HTMLElement {
  const t = texts.operator;
  const id = make('input', { type: 'text', id: 'show-id', required: true, maxlength: 63, pattern: '[a-z0-9]([a-z0-9\\-]*[a-z0-9])?', autocapitalize: 'none', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'show-id-hint' });
  const title = make('input', { type: 'text', id: 'show-title', maxlength: 120, autocomplete: 'off' });
  const start = make('input', { type: 'datetime-local', id: 'show-start', 'aria-describedby': 'show-start-said' });
  // The field writes dates as the browser does: what was given is said once more, in the page's language.
  const said = make('p', { id: 'show-start-said', class: 'soft small' });
  const sayStart = (): void => setText(said, start.value ? dateText(timeOf(start.value), texts.language, Date.now()) : '');
  start.addEventListener('input', sayStart);
  explain(id, t.idHint);
  explain(start, t.startsAtBad);
  const language = make('select', { id: 'show-language' }, ...LANGUAGES.map((name) => make('option', { value: name }, t.languages[name])));
  language.value = texts.language;
  const field = (label: string, control: HTMLElement, hint?: HTMLElement): HTMLElement =>
    make('div', { class: 'field' }, make('label', { for: control.id }, label), control, ...(hint ? [hint] : []));
  const submitted = async (event: Event): Promise<void> => {
    event.preventDefault();
    const show: NewShow = { id: id.value, language: language.value };
    if (title.value.trim()) show.title = title.value.trim();
    if (start.value) show.starts_at = timeOf(start.value);
    if (!(await create(show))) return;
    for (const typed of [id, title, start]) clearTyped(typed.id, typed.value.trim());
    form.reset();
    language.value = texts.language;
    sayStart();
  };
  const form = make(
    'form',
    { class: 'create', onsubmit: (event) => void submitted(event) },
    field(t.id, id, make('p', { id: 'show-id-hint', class: 'soft small' }, t.idHint)),
    field(t.showTitle, title),
    field(t.startsAt, start, said),
    field(t.showLanguage, language),
    make('button', { type: 'submit', class: 'primary' }, t.create),
  );
  return make('details', { class: 'creation' }, make('summary', {}, t.create), form);
}

/** The field gives local time without a zone, which Date reads as local time. */
function timeOf(local: string): number {
  return new Date(local).getTime();
}
