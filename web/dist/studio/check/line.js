import { quantile, worse } from './verdict.js';
const ROUND_TRIP_GOOD_MS = 150;
const ROUND_TRIP_USABLE_MS = 400;
const JITTER_GOOD_MS = 30;
const JITTER_USABLE_MS = 100;
const LOSS_GOOD = 0.01;
const LOSS_USABLE = 0.05;
const FAILED_MIN = 2;
const REQUEST_JITTER_FACTOR = 3;
export function gradeLine({ round_trip_ms, jitter_ms, loss }) {
    const far = gradeOf(round_trip_ms, ROUND_TRIP_GOOD_MS, ROUND_TRIP_USABLE_MS);
    const uneven = gradeOf(jitter_ms, JITTER_GOOD_MS, JITTER_USABLE_MS);
    const lossy = gradeOf(loss, LOSS_GOOD, LOSS_USABLE);
    const grade = worse(lossy, worse(uneven, far));
    if (grade === 'good')
        return { grade, finding: 'good' };
    if (lossy === grade)
        return { grade, finding: 'lossy' };
    return { grade, finding: uneven === grade ? 'uneven' : 'far' };
}
export function gradeRoundTrips(took_ms) {
    const answered = took_ms.filter((ms) => ms !== null);
    if (took_ms.length === 0)
        return null;
    if (answered.length === 0)
        return { grade: 'bad', finding: 'dead' };
    const round_trip_ms = quantile(answered, 0.5);
    const jitter_ms = (quantile(answered, 0.9) - round_trip_ms) / REQUEST_JITTER_FACTOR;
    const verdict = gradeLine({ round_trip_ms, jitter_ms, loss: null });
    return took_ms.length - answered.length >= FAILED_MIN ? { grade: 'bad', finding: 'lossy' } : verdict;
}
export function factsOf(stats, before) {
    const facts = { round_trip_ms: null, jitter_ms: null, loss: null };
    let counted = before;
    for (const stat of stats) {
        if (stat.type === 'candidate-pair' && stat.state === 'succeeded' && stat.currentRoundTripTime !== undefined) {
            facts.round_trip_ms = stat.currentRoundTripTime * 1000;
        }
        else if (stat.type === 'remote-inbound-rtp') {
            facts.loss = greater(facts.loss, stat.fractionLost);
            facts.jitter_ms = greater(facts.jitter_ms, stat.jitter === undefined ? undefined : stat.jitter * 1000);
        }
        else if (stat.type === 'inbound-rtp') {
            facts.jitter_ms = greater(facts.jitter_ms, stat.jitter === undefined ? undefined : stat.jitter * 1000);
            counted = { lost: stat.packetsLost ?? 0, received: stat.packetsReceived ?? 0 };
            const lost = Math.max(0, counted.lost - before.lost);
            const received = counted.received - before.received;
            if (received > 0)
                facts.loss = greater(facts.loss, lost / (lost + received));
        }
    }
    return { facts, counted };
}
function gradeOf(value, good, usable) {
    if (value === null || value <= good)
        return 'good';
    return value <= usable ? 'usable' : 'bad';
}
function greater(a, b) {
    if (b === undefined)
        return a;
    return a === null ? b : Math.max(a, b);
}
