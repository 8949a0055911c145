// What the sound promises, measured: `cargo xtask bench sound [PART…]`. Each part writes `results/sound-PART.json`; a part for each
// network of the ladder comes first.

import { hls } from './sound/hls.mjs';
import { hour } from './sound/hour.mjs';
import { rung } from './sound/ladder.mjs';
import { NETWORKS } from './sound/networks.mjs';
import { voices } from './sound/voices.mjs';
import { measure } from './spine/measure.mjs';

const ladder = Object.keys(NETWORKS).map((name) => [name, () => rung(name)]);
await measure('sound', { ...Object.fromEntries(ladder), voices, hls, hour });
