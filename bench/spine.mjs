// What the spine promises, measured: `cargo xtask bench spine [PART…]`. Each part writes `results/spine-PART.json`.

import { cost } from './spine/cost.mjs';
import { join } from './spine/join.mjs';
import { kill } from './spine/kill.mjs';
import { latency } from './spine/latency.mjs';
import { measure } from './spine/measure.mjs';
import { server } from './spine/server.mjs';
import { stage } from './spine/stage.mjs';
import { tape } from './spine/tape.mjs';

await measure('spine', { join, latency, stage, server, tape, kill, cost });
