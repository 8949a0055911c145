// What the spine promises, measured: `cargo xtask bench spine [PART…]`. Each part writes `results/spine-PART.json`.

import { cost } from './spine/cost.mjs';
import { join } from './spine/join.mjs';
import { kill } from './spine/kill.mjs';
import { latency } from './spine/latency.mjs';
import { server } from './spine/server.mjs';
import { stage } from './spine/stage.mjs';
import { tape } from './spine/tape.mjs';
import { say, withHouse } from './spine/setting.mjs';
import { stamp, write } from './spine/stamp.mjs';

const PARTS = { join, latency, stage, server, tape, kill, cost };

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!PARTS[name]) throw new Error(`there is no part ${name}; the parts are: ${Object.keys(PARTS).join(', ')}`);
}
for (const name of wanted.length > 0 ? wanted : Object.keys(PARTS)) {
  say(`${name} begins`);
  const began = await stamp();
  const { rows, detail } = await withHouse(PARTS[name]);
  await write(name, { ...began, rows, detail });
  for (const { what, measured, promised, kept } of rows) {
    const verdict = kept === undefined ? '' : kept ? 'kept' : 'NOT KEPT';
    console.log(`${what.padEnd(72)} ${measured.padEnd(36)} ${(promised ?? '').padEnd(28)} ${verdict}`);
  }
}
// Browsers and speakers are closed by now; what their libraries left open must not hold the result back.
process.exit(0);
