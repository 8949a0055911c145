// A million who come in five minutes to 300,000 seats, in virtual time on one thread.

import { join } from 'node:path';

import { run } from '../../e2e/harness/child.mjs';
import { ROOT, say } from '../spine/setting.mjs';

const CAP = 300_000;

export async function simulated() {
  say('compiling');
  const million = ['--release', '-p', 'stentor-sim', '--example', 'million'];
  await run('cargo', ['build', ...million], { cwd: ROOT });
  const metadata = await run('cargo', ['metadata', '--format-version', '1', '--no-deps'], { cwd: ROOT });
  const program = join(JSON.parse(String(metadata)).target_directory, 'release/examples/million');
  say('simulating');
  // Its time on the processor, user and system, is what bash says it was.
  const said = String(await run('bash', ['-c', 'TIMEFORMAT="%U %S"; { time "$0" --json; } 2>&1', program]));
  const [json, times] = said.trim().split('\n');
  const report = JSON.parse(json);
  const truth = report.ranges_true / report.asked;
  const unknown = (report.asked - report.ranges) / report.asked;
  const cpu_s = times.split(' ').reduce((sum, part) => sum + Number(part), 0);
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const row = (what, measured, promised, kept) => ({ what, measured, promised, kept });
  return {
    rows: [
      row('a million in five minutes to 300,000 seats, simulated: time on one core', `${cpu_s.toFixed(1)} s`, '< 20 s', cpu_s < 20),
      row('inside at most', String(report.inside_max), `≤ ${CAP}`, report.inside_max <= CAP),
      row('called, in time, and refused', String(report.refused_wrongly), '0', report.refused_wrongly === 0),
      row('seats filled five minutes after the doors', percent(report.filled_after_5_min), '≥ 97 %', report.filled_after_5_min >= 0.97),
      row('the same from then on, while somebody waits', percent(report.filled)),
      row('a tenth of those in the draw, by the time of arrival, is off by at most', `${(report.decile_off_max * 100).toFixed(2)} points`, '≤ 1', report.decile_off_max <= 0.01),
      row('first questions answered by a true range', percent(truth), '≥ 80 %', truth >= 0.8),
      row('first questions answered by “not known”', percent(unknown), '≤ 20 %', unknown <= 0.2),
      row('upper over lower end of a range, median', report.range_width.toFixed(2), '≤ 2', report.range_width <= 2.005),
    ],
    detail: { ...report, cpu_s },
  };
}
