// What the gate promises, measured: `cargo xtask bench gate [PART…]`. Each part writes `results/gate-PART.json`.

import { simulated } from './gate/simulated.mjs';
import { measure } from './spine/measure.mjs';

await measure('gate', { simulated });
