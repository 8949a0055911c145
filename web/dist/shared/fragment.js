export function takeKey() {
    const key = new URLSearchParams(location.hash.slice(1)).get('key');
    if (location.hash)
        history.replaceState(null, '', location.pathname + location.search);
    return key || null;
}
export function showOfPath() {
    return decodeURIComponent(location.pathname.split('/')[1] ?? '');
}
