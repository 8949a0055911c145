export function initialState(mode, close) {
    return {
        phase: 'stopped',
        mode,
        following: 'live',
        close,
        position_s: null,
        edge_s: null,
        latency_s: null,
        latency_target_s: 0,
        ahead_s: 0,
        rate: 1,
        stalls: 0,
        holes_jumped: 0,
        reconnects: 0,
        first_sound_ms: null,
        retry_at: null,
        silent_since: null,
        refusal: null,
    };
}
export const FREE_ENTRY = { ticket: null, held: false, hold: null };
export const GATE_REFUSALS = new Set(['full', 'not_your_turn', 'ticket_invalid', 'ticket_spent']);
export const MENDS_MAX = 4;
export const STEADY_MS = 30_000;
export const KBPS_DEFAULT = 32;
