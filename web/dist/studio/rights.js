export function runsTheShow(role) {
    return role === 'host' || role === 'co_host';
}
export function deedsOf(me, person) {
    if (me.id === person.id)
        return me.role === 'speaker' ? ['mute', 'noise_suppression'] : ['mute', 'place', 'noise_suppression'];
    if (me.role === 'host')
        return ['mute', 'place', 'noise_suppression', 'remove', 'revoke'];
    if (me.role === 'co_host' && person.role === 'speaker')
        return ['mute', 'place', 'remove'];
    return [];
}
export function invites(role) {
    if (role === 'host')
        return ['speaker', 'co_host'];
    return role === 'co_host' ? ['speaker'] : [];
}
