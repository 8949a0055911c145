// Some listeners stop reading. The others hear on.

import { ms, row, setting, withHouse } from '../spine/setting.mjs';
import { stentor } from './contenders.mjs';
import { ask } from './crowd.mjs';

const INTERVAL_MS = 960;

export async function silent() {
  const seconds = setting('STENTOR_BENCH_SILENT_S', 600);
  const counts = { listeners: 14_000, silent: 1_000 };
  const report = await withHouse(async (open) => ask((await stentor('live.ogg?kbps=32')(open)).url, { ...counts, arrivals: 'ramp', ramp: 10, seconds }));
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
