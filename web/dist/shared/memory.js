export function recall(name) {
    try {
        const text = localStorage.getItem(`stentor.${name}`);
        return text === null ? null : JSON.parse(text);
    }
    catch {
        return null;
    }
}
export function remember(name, value) {
    try {
        localStorage.setItem(`stentor.${name}`, JSON.stringify(value));
    }
    catch {
    }
}
export function forget(name) {
    try {
        localStorage.removeItem(`stentor.${name}`);
    }
    catch {
    }
}
