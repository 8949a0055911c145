// Some listeners stop reading. The others hear on.

import { ms, row, setting, withHouse } from '../spine/setting.mjs';
import { stentor } from './contenders.mjs';
import { ask } from './crowd.mjs';

const INTERVAL_MS = 960;

export async function silent() {
  const seconds = setting('STENTOR_BENCH_SILENT_S', 600);
  const report = await withHouse(async (open) => {
    const { url } = await stentor('live.ogg?kbps=32')(open);
    let over = false;
    const listening = ask(url, { listeners: 14_000, arrivals: 'ramp', ramp: 10, seconds }).finally(() => { over = true; });
    // The server lets go of whoever does not read, after a minute or so: others come in their place.
    while (!over) await ask(url, { listeners: 0, silent: 1_000, arrivals: 'ramp', ramp: 10, seconds: 60 });
    return listening;
  });
  const { heard, faults, gap_max_ms } = report.listeners;
  const whole = seconds >= 600;
  const gap = row(`14,000 listeners beside 1,000 who do not read, ${seconds} s: longest gap`, gap_max_ms.max, 2 * INTERVAL_MS, ms);
  if (!whole) delete gap.kept;
  return {
    rows: [
      { what: 'listeners beside those who do not read: all hear', measured: `${heard} of 14000`, promised: '14000', kept: heard === 14_000 },
      gap,
      { what: 'faults that listeners met', measured: JSON.stringify(faults) },
    ],
    detail: report,
  };
}
