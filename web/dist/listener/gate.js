const TICKET = /^[\w-]{48}$/;
const SIGNATURE_AT = 20;
const RANKS = 2 ** 32;
const GRACE_S = 120;
const SHARE_MIN = 2 ** -1022;
export function readTicket(text) {
    if (!TICKET.test(text))
        return null;
    const bytes = Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    return { lane: bytes[1], serial: view.getUint32(8), cohort: view.getUint32(12), signature: bytes.slice(SIGNATURE_AT) };
}
export async function turnOf({ lane, serial, cohort, signature }, key) {
    const drawn = (key.match(/../g) ?? []).map((pair) => parseInt(pair, 16));
    const digest = await crypto.subtle.digest('SHA-256', Uint8Array.of(...drawn, ...signature));
    return { lane, cohort, rank: new DataView(digest).getUint32(0), serial };
}
export function isLost(gate, { lane, serial }) {
    return gate.lanes[lane]?.lost.some((first) => serial >= first && serial < first + gate.lost_serials) ?? false;
}
export function standingOf(gate, ticket, turn) {
    const { open } = gate;
    if (!ticket)
        return { kind: open ? 'open' : 'unticketed' };
    if (!gate.draw)
        return { kind: open ? 'open' : 'undrawn' };
    if (!turn)
        return open ? { kind: 'open' } : { kind: 'waiting', before: null, wait_s: null };
    const lane = gate.lanes[turn.lane];
    if (!lane || isEarlier(turn, lane.bound))
        return { kind: 'called' };
    const ahead = gate.lanes.slice(0, turn.lane).reduce((sum, { late, groups }) => sum + late + waitingIn(groups), 0);
    const before = ahead + beforeIn(lane, turn);
    return { kind: 'waiting', before, wait_s: waitOf(gate, before) };
}
function isEarlier(turn, bound) {
    return (turn.cohort - bound.cohort || turn.rank - bound.rank || turn.serial - bound.serial) < 0;
}
function waitingIn(groups) {
    return groups.reduce((sum, [, , waiting]) => sum + waiting, 0);
}
function beforeIn({ bound, groups, late }, turn) {
    const whole = groups.filter(([, last]) => last < turn.cohort);
    const own = groups.find(([first, last]) => first <= turn.cohort && turn.cohort <= last);
    return late + waitingIn(whole) + (own ? beforeInGroup(own, bound, turn) : 0);
}
function beforeInGroup([first, last, waiting], bound, turn) {
    const share = ({ cohort, rank }) => {
        const inside = Math.min(last, Math.max(first, cohort));
        return (inside - first + (inside === cohort ? rank / RANKS : 0)) / (last - first + 1);
    };
    const called = bound.cohort >= first ? share(bound) : 0;
    const left = Math.max(SHARE_MIN, 1 - called);
    return Math.trunc(waiting * Math.min(1, Math.max(0, (share(turn) - called) / left)));
}
function waitOf({ over, frees, frees_step_s, leave_per_s }, before) {
    let left = before + over;
    for (const [step, freed] of frees.entries()) {
        if (left < freed)
            return around(frees_step_s * (step + 0.5));
        left -= freed;
    }
    const leave_in_s = leave_per_s === null ? Infinity : (left + 1) / leave_per_s;
    return Number.isFinite(leave_in_s) ? around(GRACE_S + leave_in_s) : null;
}
function around(middle_s) {
    return [middle_s / Math.SQRT2, middle_s * Math.SQRT2];
}
