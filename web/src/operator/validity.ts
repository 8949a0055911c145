// What is said about a field that is not filled in as it must be. Browsers say it in their own language, which may not
// be the page's.

/** The field says `sentence` instead of the browser's words. */
export function explain(field: HTMLInputElement, sentence: string): void {
  field.addEventListener('invalid', () => field.setCustomValidity(sentence));
  // A sentence that is set is a fault by itself until it is taken away; a date half given and cleared is no input.
  for (const event of ['input', 'keydown', 'blur']) field.addEventListener(event, () => field.setCustomValidity(''));
}
