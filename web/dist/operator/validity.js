export function explain(field, sentence) {
    field.addEventListener('invalid', () => field.setCustomValidity(sentence));
    for (const event of ['input', 'keydown', 'blur'])
        field.addEventListener(event, () => field.setCustomValidity(''));
}
