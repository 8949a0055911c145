import { RateControl, SEEK_ERROR_S, Target } from './rate.js';
const DEAD_BAND_CLOSE_S = 0.04;
const DEAD_BAND_S = 0.8;
const SEEK_EVERY_S = 10;
export class Pace {
    target;
    catchingUp = false;
    #rate = new RateControl();
    #sought_at_s = -Infinity;
    constructor(close) {
        this.target = new Target(close);
    }
    begin(now_s) {
        this.#sought_at_s = now_s;
        this.#rate.reset();
    }
    decide({ now_s, position_s, edge_s, ahead_s, fresh }) {
        const { close } = this.target;
        const target_s = this.target.value_s(now_s);
        const error_s = edge_s - position_s - target_s;
        if (error_s < SEEK_ERROR_S / 2)
            this.catchingUp = false;
        const rested = now_s - this.#sought_at_s > SEEK_EVERY_S;
        if (error_s > SEEK_ERROR_S && rested && fresh && !this.catchingUp) {
            this.begin(now_s);
            return { kind: 'seek', to_s: position_s + error_s };
        }
        const supplied = error_s < 0 || fresh || ahead_s > target_s;
        return { kind: 'rate', rate: supplied ? this.#rate.rate(error_s, close ? DEAD_BAND_CLOSE_S : DEAD_BAND_S) : 1 };
    }
}
