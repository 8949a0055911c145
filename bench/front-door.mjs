// What the front door promises, measured: `cargo xtask bench front-door [PART…]`. Each part writes
// `results/front-door-PART.json`.

import { close, flush, hls, stretched, tls } from './front-door/fan_out.mjs';
import { arrive } from './front-door/arrive.mjs';
import { framing } from './front-door/framing.mjs';
import { handshakes } from './front-door/handshakes.mjs';
import { memory } from './front-door/memory.mjs';
import { silent } from './front-door/silent.mjs';
import { wire } from './front-door/wire.mjs';
import { measure } from './spine/measure.mjs';

await measure('front-door', { flush, close, stretched, tls, hls, handshakes, arrive, memory, framing, silent, wire });
