// What TLS costs the server when strangers come: joins with a full handshake each, held against what rustls takes for the handshake
// alone, and beside them joins without TLS. In rounds, on the server's processor.

import { join } from 'node:path';

import { run } from '../../e2e/harness/child.mjs';
import { ROOT, ms, quantile, say, setting, withHouse } from '../spine/setting.mjs';
import { certificate, stentor } from './contenders.mjs';
import { ask } from './crowd.mjs';
import { IDLE_S, OGG, seconds } from './fan_out.mjs';
import { SERVER_CPU, cpuSeconds, pinSelf } from './processor.mjs';

const LISTENERS = 3_000;
/** As many come in each second of it: 1,000, who come in without a queue, over TLS as well. */
const ARRIVAL_S = 3;
/** The crowd begins to call within so long, and the last of it has sound within as much again. */
const BEGINS_S = 1;
const TAIL_S = 2 * BEGINS_S;
/** With everybody there: what the flush takes. */
const BUSY_S = 10;
/** Handshakes in memory: a second of the server's part, and twice that of the client's. */
const BARE = 10_000;
const BARE_BINARY = join(ROOT, 'target/release/examples/bare_handshakes');

export async function handshakes() {
  await run('cargo', ['build', '--release', '--package', 'stentor-crowd', '--example', 'bare_handshakes'], { cwd: ROOT });
  await pinSelf();
  // The certificate is made here, and only this process and its crowd meet it.
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  return withHouse(async (open) => {
    const { folder } = await open({ server: false });
    const pair = await certificate(folder);
    const measures = { bare: () => bare(pair), tls: () => joins(stentor(OGG, { tls: pair })), plain: () => joins(stentor(OGG)) };
    const of = { bare: [], tls: [], plain: [] };
    const count = setting('STENTOR_BENCH_ROUNDS', 3);
    for (let round = 0; round < count; round += 1) {
      for (const [name, measure] of Object.entries(measures)) {
        const measured = await measure();
        const limited = measured.limited_by.length > 0 ? `, limited by ${measured.limited_by}` : '';
        say(`handshakes, round ${round + 1}, ${name}: ${write(measured.us)}${limited}`);
        of[name].push(measured);
      }
    }
    return { rows: rows(of), detail: of };
  });
}

function rows({ bare, tls, plain }) {
  const [bare_us, tls_us, plain_us] = [bare, tls, plain].map(us);
  return [
    rate('full handshakes alone, in memory', bare),
    rate(`joins of ${LISTENERS} over TLS`, tls),
    rate(`joins of ${LISTENERS} without TLS`, plain),
    promise(bare_us / tls_us, [...tls, ...plain]),
    { what: 'one join over TLS, one without, one handshake alone', measured: [tls_us, plain_us, bare_us].map(write).join(', ') },
    // Without a promise: the records of the request and of the opening are in the difference, and in no handshake.
    { what: 'what TLS adds to a join, its rate: of handshakes alone', measured: `${(bare_us / (tls_us - plain_us)).toFixed(2)} ×` },
  ];
}

/** The server's part of handshakes in memory. */
async function bare({ cert, key }) {
  const said = await run('taskset', ['-c', String(SERVER_CPU), BARE_BINARY, cert, key, String(BARE)]);
  const { handshakes, server_cpu_s } = JSON.parse(String(said));
  return { us: (server_cpu_s * 1e6) / handshakes, limited_by: [] };
}

/** What a join takes, of as many as come one after the other. */
function joins(contender) {
  return withHouse(async (open) => {
    const server = await contender(open);
    await seconds(2);
    const idle = await over(server, IDLE_S);
    const reported = ask(server.url, {
      listeners: LISTENERS, arrivals: 'steady', ramp: ARRIVAL_S, seconds: ARRIVAL_S + TAIL_S + BUSY_S + 2,
      tls: server.url.startsWith('https'),
    });
    // Should it fail before it is awaited, the house is still to be closed.
    reported.catch(() => {});
    const arriving = await over(server, ARRIVAL_S + TAIL_S);
    const busy = await over(server, BUSY_S);
    const { listeners, crowd } = await reported;
    const { heard, stayed, faults, first_sound_ms } = listeners;
    if (heard < LISTENERS) throw new Error(`${heard} of ${LISTENERS} hear ${server.url}: ${JSON.stringify(faults)}`);
    const last_ms = crowd.arrival_late_ms_max + first_sound_ms.max;
    if (last_ms > BEGINS_S * 1000) throw new Error(`the last join took ${ms(last_ms)}, and its end was not counted`);
    // Arrivals are even, so over them half of all are there; behind them all are.
    const flush_s = (share(busy) - share(idle)) * (arriving.wall_s - ARRIVAL_S / 2);
    const joins_s = arriving.cpu_s - share(idle) * arriving.wall_s - flush_s;
    return {
      us: (joins_s * 1e6) / LISTENERS,
      arriving,
      idle_share: share(idle),
      busy_share: share(busy),
      flush_s,
      last_ms,
      served: stayed === LISTENERS && Object.keys(faults).length === 0,
      stayed,
      faults,
      limited_by: crowd.limited_by,
    };
  });
}

/** What a server has of the processor for so long. */
async function over(server, measured_s) {
  const [from_s, from_ms] = [cpuSeconds(server.pids(), server.threads), performance.now()];
  await seconds(measured_s);
  return { cpu_s: cpuSeconds(server.pids(), server.threads) - from_s, wall_s: (performance.now() - from_ms) / 1000 };
}

const share = ({ cpu_s, wall_s }) => cpu_s / wall_s;
const us = (measured) => quantile(measured.map((one) => one.us), 0.5);
const write = (value) => `${value.toFixed(1)} µs`;

function rate(what, measured) {
  const per_s = (value) => Math.round(1e6 / value).toLocaleString('en');
  return {
    what: `${what}, per CPU-second of the server, median of ${measured.length}`,
    measured: `${per_s(us(measured))} (${measured.map((one) => per_s(one.us)).join('; ')})`,
  };
}

/** A ratio of medians; nothing is promised of a run in which the crowd itself was the limit, or somebody was not served well. */
function promise(value, measured) {
  const row = { what: 'joins over TLS: of full handshakes alone', measured: `${value.toFixed(2)} ×`, promised: '≥ 0.85 ×' };
  if (measured.some((one) => one.limited_by.length > 0)) return { ...row, measured: `${row.measured}, the crowd at its own limit` };
  if (measured.some((one) => !one.served)) return { ...row, measured: `${row.measured}, and not everybody was served well` };
  return { ...row, kept: value >= 0.85 };
}
