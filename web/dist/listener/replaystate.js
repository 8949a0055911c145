export const NO_REPLAY = {
    loaded: false,
    playing: false,
    position_s: 0,
    duration_s: 0,
    speed: 1,
    silence: null,
    failed: false,
};
export const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];
