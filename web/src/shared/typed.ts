// What somebody has typed stays where it is when the page is made anew in another language.

type Field = HTMLInputElement | HTMLTextAreaElement;

/** Makes the page anew by `redraw`; what was typed into a field is in the field of that id again, and in sight. What was chosen or ticked
 *  is not: choices may show how things are, and a tick agrees to words that are others now. */
export function keepTyped(root: ParentNode, redraw: () => void): void {
  const typed = new Map(fieldsOf(root).filter((field) => field.value !== field.defaultValue).map((field) => [field.id, field.value]));
  redraw();
  for (const field of fieldsOf(root)) {
    const value = typed.get(field.id);
    if (value === undefined) continue;
    field.value = value;
    field.closest('details')?.setAttribute('open', '');
    // What a page says beside the field.
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

/** Empties a field whose text was taken, also if the page was made anew meanwhile. */
export function clearTyped(id: string, taken: string): void {
  const field = document.getElementById(id);
  if (!(field instanceof HTMLInputElement) || field.value.trim() !== taken) return;
  field.value = '';
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

function fieldsOf(root: ParentNode): Field[] {
  return [...root.querySelectorAll<Field>('input[id]:is([type=text], [type=datetime-local]):not([readonly]), textarea[id]:not([readonly])')];
}
