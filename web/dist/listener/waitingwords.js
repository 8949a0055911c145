const HOUR_S = 3_600;
export function waitingSentence({ standing, elsewhere }, { status, player }, stage, t) {
    const pressed = player.phase === 'in_line';
    if (elsewhere && player.phase === 'stopped')
        return t.elsewhere;
    if (!status?.gate || !standing || (!pressed && player.phase !== 'stopped'))
        return null;
    const { open, seats, waiting } = status.gate;
    if (stage === 'closed' && waiting <= seats)
        return pressed ? t.early : null;
    if (stage === 'closed')
        return pressed ? t.drawn : t.crowded;
    if (open || (stage !== 'doors' && stage !== 'live'))
        return null;
    if (standing.kind === 'called')
        return pressed ? null : t.called;
    if (pressed)
        return `${t.taken(seats)} ${standing.kind === 'waiting' ? t.inLine : t.arriving}`;
    return standing.kind === 'unticketed' ? `${t.taken(seats)} ${t.press}` : t.pressToo;
}
export function waitingOf({ standing }, { status, silence, player }, stage, t) {
    if (!status?.gate || !standing || silence || (player.phase !== 'in_line' && player.phase !== 'stopped'))
        return null;
    const { open, seats, waiting } = status.gate;
    const { later } = t;
    if (stage === 'closed')
        return waiting <= seats ? null : { place: t.here(waiting, seats), wait: '', later };
    if (open || standing.kind !== 'waiting' || (stage !== 'doors' && stage !== 'live'))
        return null;
    const { before, wait_s } = standing;
    const place = before === null ? '' : before === 0 ? t.next : t.place(before + 1);
    return { place, wait: waitText(wait_s, t), later };
}
function waitText(wait_s, t) {
    if (!wait_s)
        return t.waitUnknown;
    const [low_s, high_s] = wait_s;
    if (high_s < 60)
        return t.waitSoon;
    const unit_s = low_s < HOUR_S ? 60 : HOUR_S;
    return t.wait(Math.max(1, Math.round(low_s / unit_s)), Math.round(high_s / unit_s), unit_s === HOUR_S);
}
