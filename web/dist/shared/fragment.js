export function takeInvitation() {
    const fragment = new URLSearchParams(location.hash.slice(1));
    if (location.hash)
        history.replaceState(null, '', location.pathname + location.search);
    return { key: fragment.get('key') || null, name: fragment.get('name') ?? '' };
}
export const takeKey = () => takeInvitation().key;
export const invitationFor = (link, name) => `${link}&name=${encodeURIComponent(name)}`;
export function showOfPath() {
    return decodeURIComponent(location.pathname.split('/')[1] ?? '');
}
