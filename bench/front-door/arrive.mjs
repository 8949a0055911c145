// A crowd that comes at one moment: how long it takes from connect() to the first sound, what a join costs, and whether those who
// are there already notice.

import { readFileSync, writeFileSync } from 'node:fs';

import { ms, row, say, setting, withHouse } from '../spine/setting.mjs';
import { icecast, prepare, stentor } from './contenders.mjs';
import { ask } from './crowd.mjs';
import { cpuSeconds, pinSelf } from './processor.mjs';

const OGG = 'live.ogg?kbps=32';
const SOMAXCONN = '/proc/sys/net/core/somaxconn';
/** For 15,000 who come at one moment; the usual 4,096 makes the rest ask again after a second. */
const BACKLOG = 16_384;
const SAMPLE_MS = 50;
/** From the start of the crowd's process to its first call. */
const BEGINS_MS = 1_000;

export async function arrive() {
  await prepare();
  await pinSelf();
  const rows = [];
  const detail = {};
  const three = await eachAlone({ stentor: stentor(OGG), icecast: icecast(1_000) }, 3_000);
  rows.push(
    ...allIn('3,000 at once', three.stentor, 3_000),
    row('3,000 at once: connect() to first sound, p99', three.stentor.first_sound_ms.p99, 150, ms),
    { what: '3,000 at once: the crowd took for its own calls', measured: ms(three.stentor.arrival_late_ms_max) },
    { what: '3,000 at once, Icecast: all in; p99', measured: `${three.icecast.heard} of 3000; ${ms(three.icecast.first_sound_ms.p99)}` },
  );
  detail[3000] = three;
  const many = await withHouse(async (open) => raised(async () => besides(await stentor(OGG)(open), 15_000, 1_000)));
  rows.push(
    ...allIn('15,000 at once', many.new, 15_000),
    row('15,000 at once: connect() to first sound, p99', many.new.first_sound_ms.p99, 1_500, ms),
    { what: '15,000 at once: the crowd took for its own calls', measured: ms(many.new.arrival_late_ms_max) },
    row('15,000 at once: of 1,000 who were there, who stayed not, or with a gap, a hole or a repeat', disturbed(many.old), 0, String),
    { what: '15,000 at once: their turns moved by at most; the least that a player of theirs had left', measured: `${ms(many.old.behind_ms.max)}; ${ms(many.old.buffer_min_ms.min)}` },
    atLeast('joins per CPU-second of the server', many.joins_per_cpu_s, 25_000),
  );
  detail[15000] = many;
  return { rows, detail };
}

async function eachAlone(contenders, listeners) {
  const of = {};
  for (const [name, contender] of Object.entries(contenders)) {
    const report = await withHouse(async (open) => ask((await contender(open)).url, { listeners, arrivals: 'at-once', seconds: setting('STENTOR_BENCH_ARRIVE_S', 30) }));
    of[name] = { ...report.listeners, limited_by: report.crowd.limited_by, arrival_late_ms_max: report.crowd.arrival_late_ms_max };
    say(`${name}: ${report.listeners.heard} of ${listeners}, p99 ${ms(report.listeners.first_sound_ms.p99)}`);
  }
  return of;
}

/** Many come while some are there. */
async function besides(server, many, some) {
  const old = ask(server.url, { listeners: some, arrivals: 'ramp', ramp: 2, seconds: 40 });
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  const samples = [];
  const idle_s = cpuSeconds(server.pids());
  const began_ms = performance.now();
  const sampling = setInterval(() => samples.push([performance.now() - began_ms, cpuSeconds(server.pids()) - idle_s]), SAMPLE_MS);
  const report = await ask(server.url, { listeners: many, arrivals: 'at-once', seconds: 15 });
  clearInterval(sampling);
  const { listeners, crowd } = report;
  // What the server does until the last has sound is counted as the joins' alone: the crowd's beginning, its own delay, and theirs.
  const last_ms = BEGINS_MS + crowd.arrival_late_ms_max + listeners.first_sound_ms.max;
  const sample = samples.find(([at_ms]) => at_ms > last_ms);
  if (!sample) throw new Error(`the last has sound only after ${ms(last_ms)}, when nobody looked any more`);
  const [, cpu_s] = sample;
  say(`${listeners.heard} of ${many}, p99 ${ms(listeners.first_sound_ms.p99)}, ${cpu_s.toFixed(2)} s of CPU`);
  return {
    new: { ...listeners, limited_by: crowd.limited_by, arrival_late_ms_max: crowd.arrival_late_ms_max },
    old: (await old).listeners,
    joins_cpu_s: cpu_s,
    joins_per_cpu_s: many / cpu_s,
  };
}

/** With a longer queue of those who wait to be let in, which `stentor check` recommends. */
async function raised(then) {
  const before = readFileSync(SOMAXCONN, 'utf8');
  writeFileSync(SOMAXCONN, String(BACKLOG));
  try {
    return await then();
  } finally {
    writeFileSync(SOMAXCONN, before);
  }
}

function allIn(what, { heard }, listeners) {
  return [{ what: `${what}: all in`, measured: `${heard} of ${listeners}`, promised: String(listeners), kept: heard === listeners }];
}

/** Turns move when the order grows and is closed up again, by less than half of an interval: nothing is lost, and the row says by how much. */
function disturbed({ came, stayed, faults }) {
  const others = Object.entries(faults).filter(([code]) => code !== 'behind');
  return others.reduce((sum, [, count]) => sum + count, came - stayed);
}

function atLeast(what, value, limit) {
  return { what, measured: Math.round(value).toLocaleString('en'), promised: `≥ ${limit.toLocaleString('en')}`, kept: value >= limit };
}
