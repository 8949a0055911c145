// What a show costs: three who talk, seven who are silent, each with ears, and every rendition.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../../e2e/harness/until.mjs';
import { ROOT, keyIn, row, say, setting, stageSpeakers } from './setting.mjs';

// The kernel counts CPU time in these (proc(5), sysconf(_SC_CLK_TCK)).
const TICKS_PER_S = 100;
const SETTLE_S = 10;
const HOUR_S = 3600;

export async function cost(open) {
  const seconds = setting('STENTOR_BENCH_COST_S', HOUR_S);
  const house = await open();
  const show = await house.show('cost', Array(10).fill('speaker'));
  const speakers = show.links.map((link, n) => ({
    key: keyIn(link),
    name: `${n < 3 ? 'Talker' : 'Quiet'} ${n}`,
    sound: n < 3 ? join(ROOT, 'assets/demo', n === 1 ? 'ben.opus' : 'ada.opus') : 'quiet',
  }));
  const child = stageSpeakers(house, { show: show.id, speakers, seconds: seconds + 600 });
  await house.untilStatus('cost', 'all are on the stage', ({ people }) => {
    if (!child.running()) throw new Error(child.said());
    return people.length === 10;
  }, { patience_s: 120 });
  await until('the encoders have settled', after(SETTLE_S), { patience_s: SETTLE_S + 60, every_ms: 500 });

  const first = await sample(house);
  const samples = [];
  let until_s = first.at_s + seconds;
  // Who cannot wait for the end gets what there is, with the time that it took.
  process.once('SIGTERM', () => (until_s = 0));
  while (performance.now() / 1000 < until_s) {
    const atSample = after(Math.min(60, until_s - performance.now() / 1000));
    await until('it is time for a sample', () => until_s === 0 || atSample(), { patience_s: 120, every_ms: 250 });
    if (!child.running()) throw new Error(`the speakers ended: ${child.said()}`);
    const now = await sample(house);
    const took_s = now.at_s - first.at_s;
    const share = (field) => (now[field] - first[field]) / took_s;
    const { rss_mb, peak_mb, connected, late_ms_max, stalls } = now;
    samples.push({ at_s: took_s, process: share('process_s'), mixer: share('mixer_s'), rss_mb, peak_mb, connected, late_ms_max, stalls });
    say(`${took_s.toFixed(0)} s: process ${share('process_s').toFixed(3)} core, mixer ${share('mixer_s').toFixed(3)}, ${rss_mb.toFixed(1)} MB`);
  }
  const last = samples.at(-1);
  // What a show that stood still costs is not what was asked.
  if (last.connected !== 10 || last.stalls > 0) throw new Error(`${last.connected} of 10 on the stage; ${house.server.said()}`);
  const core = (value) => `${value.toFixed(3)} core`;
  const mb = (value) => `${value.toFixed(1)} MB`;
  const whole = last.at_s >= HOUR_S - 1;
  const long = whole ? 'an hour' : `${(last.at_s / 60).toFixed(1)} minutes`;
  const memory = row(`resident memory after ${long}${whole ? '' : ', not the hour that is promised'}`, last.rss_mb, 100, mb);
  // What a shorter run shows is not what an hour would.
  if (!whole) delete memory.kept;
  return {
    rows: [
      row(`three talk, seven are silent, all renditions: whole process over ${long}`, last.process, 0.3, core),
      { what: 'of that, the mixer thread', measured: core(last.mixer) },
      memory,
      { what: 'peak of resident memory', measured: mb(last.peak_mb) },
    ],
    detail: { seconds: last.at_s, samples },
  };
}

const after = (seconds) => {
  const at_ms = performance.now() + 1000 * seconds;
  return () => performance.now() >= at_ms;
};

async function sample(house) {
  const { pid } = house.server;
  // Fields 14 and 15, user and system time; the name before them may contain spaces, but ends with the last `)`.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1).trim().split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)[1]);
  const metrics = await (await fetch(`${house.server.desk}/metrics`)).text();
  const metric = (name) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(metrics)?.[1]);
  return {
    at_s: performance.now() / 1000,
    process_s: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S,
    mixer_s: metric('stentor_mixer_cpu_seconds_total'),
    rss_mb: (1024 * kilobytes('VmRSS')) / 1e6,
    peak_mb: (1024 * kilobytes('VmHWM')) / 1e6,
    connected: metric('stentor_show_speakers'),
    late_ms_max: metric('stentor_mixer_late_ms_max'),
    stalls: metric('stentor_notices_total\\{notice="mixer_stalled"\\}'),
  };
}
