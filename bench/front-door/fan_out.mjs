// What a listener costs: everybody serves the same number of them, in turn, in rounds, and the scheduler says what it took.

import { quantile, say, setting, withHouse } from '../spine/setting.mjs';
import { bareLoop, certificate, icecast, nginx, prepare, stentor } from './contenders.mjs';
import { ask } from './crowd.mjs';
import { cpuSeconds, pinSelf } from './processor.mjs';

/** After the last listener has come: the bursts are over, and turns have settled. */
export const SETTLE_S = 6;
/** With nobody there, before the crowd: what a server does by itself, such as mixing. */
export const IDLE_S = 10;
/** Interleaved, of which the median counts. */
const ROUNDS = 3;
export const OGG = 'live.ogg?kbps=32';

/** The default, flushes of 0.96 s. */
export async function flush() {
  await prepare();
  const rows = [];
  const detail = {};
  for (const listeners of [5_000, 15_000]) {
    let bytes = 3_900;
    const of = await rounds(`${listeners} listeners`, listeners, {
      stentor: stentor(OGG),
      bare: bareLoop(960, () => bytes),
      bare_spread: bareLoop(960, () => bytes, 256),
      icecast: icecast(1_000),
      nginx: nginx(2),
    }, ({ bytes_per_s }) => { bytes = Math.round(bytes_per_s * 0.96); });
    rows.push(
      ...costs(listeners, of),
      ratio(`${listeners}: of the bare loop`, of.stentor, of.bare, 1.15),
      ratio(`${listeners}: of the bare loop, spread as ours`, of.stentor, of.bare_spread),
      ratio(`${listeners}: of Icecast with 1 s pages`, of.stentor, of.icecast, 1),
      ratio(`${listeners}: of nginx with HLS of 2 s`, of.stentor, of.nginx, 0.55),
    );
    detail[listeners] = of;
  }
  return { rows, detail };
}

/** Close to live, flushes of 0.32 s. */
export async function close() {
  await prepare();
  const of = await rounds('close to live', 5_000, { stentor: stentor(`${OGG}&close=1`), icecast: icecast(200), icecast_320: icecast(320) });
  return { rows: [...costs(5_000, of), ratio('of Icecast with 0.2 s pages', of.stentor, of.icecast, 0.75)], detail: of };
}

/** What is taken when the processor is short: flushes of 3.84 s. */
export async function stretched() {
  await prepare();
  const of = await rounds('stretched', 5_000, {
    stentor: stentor(OGG, { interval_ms: 3_840 }),
    icecast: icecast(1_000),
    nginx: nginx(6),
  });
  const rows = [
    ratio('every 3.84 s: of Icecast with 1 s pages', of.stentor, of.icecast, 0.4),
    ratio('every 3.84 s: of nginx with HLS of 6 s', of.stentor, of.nginx, 0.45),
  ];
  return { rows: [...costs(5_000, of), ...rows], detail: of };
}

/** TLS 1.3. */
export async function tls() {
  await prepare();
  // The certificate is made here, and only this process and its crowd meet it.
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  return withHouse(async (open) => {
    const { folder } = await open({ server: false });
    const pair = await certificate(folder);
    const of = await rounds('TLS', 5_000, {
      stentor: stentor(OGG, { tls: pair }),
      nginx: nginx(2, { tls: pair }),
      icecast: icecast(1_000),
    });
    const rows = [
      ratio('of nginx with HLS of 2 s over TLS', of.stentor, of.nginx, 0.3),
      ratio('of Icecast without TLS', of.stentor, of.icecast, 1.15),
    ];
    return { rows: [...costs(5_000, of), ...rows], detail: of };
  });
}

/** HLS of the same class, from memory. */
export async function hls() {
  await prepare();
  const of = await rounds('HLS', 5_000, { stentor: stentor('hls/aac-32/ll.m3u8'), nginx: nginx(2) }, () => {}, true);
  return { rows: [...costs(5_000, of), ratio('of nginx', of.stentor, of.nginx, 0.7)], detail: of };
}

/** Measures each in turn, round by round; `first` hears of Stentor's first round before the others begin. */
async function rounds(what, listeners, contenders, first = () => {}, hls = false) {
  await pinSelf();
  const count = setting('STENTOR_BENCH_ROUNDS', ROUNDS);
  const of = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < count; round += 1) {
    for (const [name, contender] of Object.entries(contenders)) {
      const measured = await withHouse(async (open) => served(await contender(open), listeners, hls));
      say(`${what}, round ${round + 1}, ${name}: ${measured.us.toFixed(2)} µs${measured.limited_by.length ? `, limited by ${measured.limited_by}` : ''}`);
      of[name].push(measured);
      if (name === 'stentor' && round === 0) first(measured);
    }
  }
  return of;
}

async function served(server, listeners, hls) {
  const measured_s = setting('STENTOR_BENCH_FLUSH_S', 20);
  // 1,000 a second come in without a queue at any of them, over TLS as well.
  const ramp_s = Math.max(5, Math.ceil(listeners / 1_000));
  await seconds(2);
  const idle = await over(server, IDLE_S);
  const crowd = ask(server.url, {
    listeners, arrivals: 'steady', ramp: ramp_s, seconds: ramp_s + SETTLE_S + measured_s + 2,
    hls: hls || server.hls === true, tls: server.url.startsWith('https'),
    // Sound that comes seldom has longer gaps; HLS has those of its playlist.
    ...(server.gap_ms && !hls && { gap_ms: server.gap_ms }),
  });
  await seconds(ramp_s + SETTLE_S);
  const busy = await over(server, measured_s);
  const report = await crowd;
  const { heard, stayed, faults, body_bytes, media_s, gap_max_ms } = report.listeners;
  // A server that leaves a few without sound is noted as such; without most of them there is nothing to measure.
  if (heard < 0.99 * listeners) throw new Error(`${heard} of ${listeners} hear ${server.url}: ${JSON.stringify(faults)}`);
  return {
    us: ((busy - idle) * 1e6) / listeners,
    idle_share: idle,
    busy_share: busy,
    bytes_per_s: body_bytes / media_s,
    gap_max_ms: gap_max_ms.max,
    // Whoever loses listeners, or serves them late, has it cheaper.
    served: stayed === listeners && Object.keys(faults).length === 0,
    stayed,
    faults,
    limited_by: report.crowd.limited_by,
    crowd_us: report.crowd.cpu_us_per_listener_s,
  };
}

/** Which share of a processor a server has for so long. */
async function over(server, measured_s) {
  const pids = server.pids();
  const [from_s, from_ms] = [cpuSeconds(pids, server.threads), performance.now()];
  await seconds(measured_s);
  return ((cpuSeconds(pids, server.threads) - from_s) * 1000) / (performance.now() - from_ms);
}

export const seconds = (s) => new Promise((resolve) => setTimeout(resolve, s * 1000));
const us = (measured) => quantile(measured.map((one) => one.us), 0.5);
const write = (value) => `${value.toFixed(2)} µs`;

function costs(listeners, of) {
  return Object.entries(of).map(([name, measured]) => ({
    what: `${name}: CPU per listener and second, ${listeners} listeners, median of ${measured.length}`,
    measured: `${write(us(measured))} (${measured.map((one) => one.us.toFixed(2)).join(', ')})`,
  }));
}

/** A ratio of medians; nothing is promised of a run in which the crowd itself was the limit, or somebody was not served well. */
function ratio(what, ours, theirs, limit) {
  const value = us(ours) / us(theirs);
  const limited = [...ours, ...theirs].some((one) => one.limited_by.length > 0);
  const lost = [...ours, ...theirs].some((one) => !one.served);
  const row = { what, measured: `${value.toFixed(2)} ×`, ...(limit && { promised: `≤ ${limit} ×` }) };
  if (limited) return { ...row, measured: `${row.measured}, the crowd at its own limit` };
  if (lost) return { ...row, measured: `${row.measured}, and not everybody was served well` };
  // Fewer rounds than that are for trying out.
  const judged = limit && Math.min(ours.length, theirs.length) >= ROUNDS;
  return judged ? { ...row, kept: value <= limit } : row;
}
