export function keepTyped(root, redraw) {
    const typed = new Map(fieldsOf(root).filter((field) => field.value !== field.defaultValue).map((field) => [field.id, field.value]));
    redraw();
    for (const field of fieldsOf(root)) {
        const value = typed.get(field.id);
        if (value === undefined)
            continue;
        field.value = value;
        field.closest('details')?.setAttribute('open', '');
        field.dispatchEvent(new Event('input', { bubbles: true }));
    }
}
export function clearTyped(id, taken) {
    const field = document.getElementById(id);
    if (!(field instanceof HTMLInputElement) || field.value.trim() !== taken)
        return;
    field.value = '';
    field.dispatchEvent(new Event('input', { bubbles: true }));
}
function fieldsOf(root) {
    return [...root.querySelectorAll('input[id]:is([type=text], [type=datetime-local]):not([readonly]), textarea[id]:not([readonly])')];
}
