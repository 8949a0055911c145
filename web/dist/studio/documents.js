export function meIn(document) {
    return document?.people.find((person) => person.id === document.you) ?? null;
}
