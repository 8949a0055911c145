import { meIn } from './documents.js';
export function standpointOf(here) {
    const { document } = here;
    const me = meIn(document);
    const unheard = (standing) => ({ standing, audience: 'nobody', hearers: [] });
    if (document?.phase === 'ended')
        return unheard('ended');
    if (!document || !me || here.connection !== 'connected')
        return unheard(here.was_connected ? 'reconnecting' : 'connecting');
    if (!here.microphone_works)
        return unheard('no_microphone');
    const others = document.people.filter((person) => person.connected && person.id !== me.id);
    const near = me.place === 'backstage' ? others.filter((person) => person.place === 'backstage') : others;
    const airs = document.phase === 'on_air' && me.place === 'on_air';
    const standing = standingOf(document.phase, me.place === 'backstage');
    if (here.muted)
        return unheard(standing === 'on_air' ? 'on_air_muted' : standing);
    const hearers = near.map((person) => person.name);
    if (airs)
        return { standing, audience: 'everybody', hearers };
    if (hearers.length === 0)
        return unheard(standing);
    return { standing, audience: me.place === 'backstage' ? 'backstage' : 'stage', hearers };
}
function standingOf(phase, backstage) {
    if (phase === 'ending')
        return 'ending';
    if (backstage)
        return 'backstage';
    return phase === 'on_air' ? 'on_air' : 'ready';
}
