export function patience(ms, ...others) {
    const controller = new AbortController();
    const abort = () => {
        controller.abort();
        for (const other of others)
            other.removeEventListener('abort', abort);
    };
    setTimeout(abort, ms);
    for (const other of others) {
        if (other.aborted)
            abort();
        else
            other.addEventListener('abort', abort);
    }
    return controller.signal;
}
export function addressOf(text) {
    try {
        return new URL(text);
    }
    catch {
        return null;
    }
}
