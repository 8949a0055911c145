// A crowd at the end of a wire: 80 ms there and back, segments as on Ethernet, and 1 % of what is sent to it lost. Beside it the
// same crowd over loopback.
//
// The crowd has a network namespace of its own, and between it and the server lies another, in which `wire.py` carries frames from
// one veth pair to the next. A namespace lives as long as a process in it, and all of them die with this one: nothing is left behind.

import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../../e2e/harness/child.mjs';
import { until } from '../../e2e/harness/until.mjs';
import { ROOT, ms, quantile, say, setting, withHouse } from '../spine/setting.mjs';
import { stentor } from './contenders.mjs';
import { IDLE_S, OGG, SETTLE_S, seconds } from './fan_out.mjs';
import { OTHERS_CPU, SERVER_CPU, cpuSeconds, pinSelf, startOn } from './processor.mjs';

const LISTENERS = 2_000;
const RAMP_S = 5;
/** A run that is shorter keeps no promise. */
const WHOLE_S = 60;
/** Each way; the same losses in every run. */
const WAY = { delay_ms: 40, loss: 0.01, seed: 20_261_130 };

/** Where the crowd comes from (`crates/stentor-crowd/src/connect.rs`): it asks nobody but 127.0.0.1, and from there. */
const CROWD = '127.32.0.0/20';
const WIRE_PY = join(ROOT, 'bench/front-door/wire.py');
const PYTHON = join(ROOT, '.venv/bin/python');
/** Locally administered, so that neither end has to ask for the other's. */
const MAC = { server: '02:00:00:00:00:01', crowd: '02:00:00:00:00:02' };

export async function wire() {
  await provideEthtool();
  await pinSelf();
  const measured_s = setting('STENTOR_BENCH_WIRE_S', WHOLE_S);
  const loopback = await withHouse((open) => served(open, measured_s));
  const far = await withHouse(async (open) => {
    const layer = await layWire(await open({ server: false }));
    return { ...(await served(open, measured_s, layer)), wire: await layer.counts() };
  });
  const both = (what, write) => ({
    what: `over the wire, ${LISTENERS} listeners: ${what}`,
    measured: `${write(far)}; over loopback ${write(loopback)}`,
  });
  const { to_crowd, to_server, late_ms_max, turn_ms_max } = far.wire;
  return {
    rows: [
      both('CPU per listener and second', ({ us }) => micros(us.server)),
      both('the same of all that the processor did', ({ us }) => micros(us.processor)),
      both('segments sent again', ({ tcp }) => `${percent(tcp.again / tcp.sent)} of ${tcp.sent.toLocaleString('en')}`),
      both('longest gap', ({ listeners }) => ms(listeners.gap_max_ms.max)),
      both('faults that listeners met', ({ listeners }) => JSON.stringify(listeners.faults)),
      both('congestion control, MSS, round trip (least, median)', ({ tcp: { congestion_control, mss, round_trip_ms } }) =>
        `${congestion_control}, ${mss}, ${ms(round_trip_ms.least)}, ${ms(round_trip_ms.median)}`,
      ),
      {
        what: 'the wire: lost of the frames to the crowd; without room; too late by',
        measured: `${percent(to_crowd.lost / to_crowd.frames)} of ${to_crowd.frames.toLocaleString('en')}; ${to_crowd.overflowed + to_server.overflowed}; at most ${ms(late_ms_max + turn_ms_max)}`,
      },
      promise(far, measured_s),
    ],
    detail: { seconds: measured_s, loopback, wire: far },
  };
}

/**
 * No listener loses a chunk. A crowd or a wire at its own limit may make the server's listeners lose one, but none of them can
 * make a lost one whole.
 */
function promise({ listeners, limited_by, wire: { to_crowd, to_server } }, measured_s) {
  const { heard, stayed, holes, repeats } = listeners;
  const kept = heard === LISTENERS && stayed === LISTENERS && holes + repeats === 0;
  const measured = `${heard} of ${LISTENERS} hear, ${stayed} to the end; ${holes} holes, ${repeats} repeats`;
  const row = { what: 'over the wire: no listener loses a chunk', measured, promised: `${LISTENERS}; no hole, no repeat` };
  if (measured_s < WHOLE_S) return row;
  const limited = limited_by.length + to_crowd.overflowed + to_server.overflowed > 0;
  if (!kept && limited) return { ...row, measured: `${measured}, the crowd or the wire at its own limit` };
  return { ...row, kept };
}

/** What one server has to do for a crowd that comes `within` a namespace, and is seen to come `from` these addresses. */
async function served(open, measured_s, { within = [], from = CROWD } = {}) {
  let house;
  // The front door is open at the wire's address and at loopback's.
  const server = await stentor(OGG)(async (options) => (house = await open({ ...options, front: '0.0.0.0:0' })));
  const url = new URL(server.url.replace('0.0.0.0', '127.0.0.1'));
  await seconds(2);
  const idle = await over(server, IDLE_S);
  const reported = report(house, url, RAMP_S + SETTLE_S + measured_s + 2, within);
  // Should it fail before it is awaited, the houses are still to be closed.
  reported.catch(() => {});
  await seconds(RAMP_S + SETTLE_S);
  const before = await connections(url.port, from);
  const busy = await over(server, measured_s);
  const after = await connections(url.port, from);
  const { listeners, crowd } = await reported;
  const us = (of) => ((busy[of] - idle[of]) * 1e6) / LISTENERS;
  say(`${within.length ? 'wire' : 'loopback'}: ${us('server').toFixed(2)} µs, longest gap ${ms(listeners.gap_max_ms.max)}, ${JSON.stringify(listeners.faults)}`);
  return {
    us: { server: us('server'), processor: us('processor') },
    shares: { idle, busy },
    tcp: { ...after, sent: after.sent - before.sent, again: after.again - before.again },
    limited_by: crowd.limited_by,
    listeners,
    crowd,
  };
}

/** A crowd's report. */
async function report(house, url, run_s, within) {
  const options = ['--listeners', LISTENERS, '--arrivals', 'steady', '--ramp', RAMP_S, '--seconds', run_s].map(String);
  const [program, ...args] = [...within, process.env.STENTOR_BIN, 'crowd', url.href, ...options];
  const child = startOn(OTHERS_CPU, program, args);
  house.keep({ close: () => child.kill() });
  const { code } = await child.ended;
  if (code !== 0) throw new Error(child.said());
  return JSON.parse(child.said());
}

/** Which share of a processor the server has for so long, and which share of its processor is not idle. */
async function over(server, measured_s) {
  const sample = () => ({ ms: performance.now(), server_s: cpuSeconds(server.pids(), server.threads), idle_s: idleSeconds() });
  const from = sample();
  await seconds(measured_s);
  const to = sample();
  const wall_s = (to.ms - from.ms) / 1000;
  return { server: (to.server_s - from.server_s) / wall_s, processor: 1 - (to.idle_s - from.idle_s) / wall_s };
}

/** Seconds in which the server's processor had nothing to do, or was not this machine's. */
function idleSeconds() {
  const [, line] = new RegExp(`^cpu${SERVER_CPU} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'));
  // proc_stat(5): user, nice, system, idle, iowait, irq, softirq and steal, in hundredths of a second.
  const times = line.split(' ').map(Number);
  return (times[3] + times[4] + times[7]) / 100;
}

/** What TCP says of the server's connections with a crowd; segments are those with data. */
async function connections(port, from) {
  const text = String(await run('ss', ['-tinHO', 'state', 'established', `sport = :${port} and dst ${from}`]));
  const values = (pattern) => [...text.matchAll(pattern)].map(([, value]) => Number(value));
  const sum = (pattern) => values(pattern).reduce((a, b) => a + b, 0);
  return {
    sent: sum(/\bdata_segs_out:(\d+)/g),
    again: sum(/\bretrans:\d+\/(\d+)/g),
    mss: quantile(values(/\bmss:(\d+)/g), 0.5),
    round_trip_ms: { least: quantile(values(/\bminrtt:([\d.]+)/g), 0), median: quantile(values(/\brtt:([\d.]+)/g), 0.5) },
    congestion_control: readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim(),
  };
}

/** Lays a wire that is gone with the house. */
async function layWire(house) {
  const device = `wire${process.pid}`;
  // Of the networks that are for benchmarks (RFC 2544 §C.2.2), so that runs beside each other do not meet.
  const place = process.pid % 16;
  const [here, there, from] = [`198.19.${place}.1`, `198.19.${place}.2`, `198.18.${16 * place}.0/20`];
  const [middle, ears] = [await namespace(house), await namespace(house)];
  const at = (where, command) => {
    const [program, ...args] = [...where, ...command.split(' ')];
    return run(program, args);
  };
  await at([], `ip link add ${device} address ${MAC.server} type veth peer name server netns ${middle.pid}`);
  house.keep({ close: () => at([], `ip link del ${device}`) });
  await at(middle.within, `ip link add crowd type veth peer name ear address ${MAC.crowd} netns ${ears.pid}`);
  const ends = [[[], device], [middle.within, 'server'], [middle.within, 'crowd'], [ears.within, 'ear'], [ears.within, 'lo']];
  for (const [where, end] of ends) {
    if (end !== 'lo') {
      // Segments leave as they are to be on the wire, with a checksum that is right: whoever carries them does not finish them.
      await at(where, `ethtool -K ${end} tx off tso off gso off gro off`);
      await at(where, `ip link set ${end} addrgenmode none`);
    }
    await at(where, `ip link set ${end} up`);
  }
  await at([], `ip addr add ${here}/30 dev ${device}`);
  await at([], `ip neigh add ${there} lladdr ${MAC.crowd} dev ${device}`);
  await at([], `ip route add ${from} via ${there}`);
  await at(ears.within, `ip addr add ${there}/30 dev ear`);
  await at(ears.within, `ip neigh add ${here} lladdr ${MAC.server} dev ear`);
  // What a crowd says to 127.0.0.1 goes over the wire, and each of its addresses is one there.
  await at(ears.within, 'sysctl -qw net.ipv4.conf.ear.route_localnet=1');
  await run(ears.within[0], [...ears.within.slice(1), 'nft', `table ip crowd {
    chain output {
      type nat hook output priority -100
      ip daddr 127.0.0.1 dnat to ${here}
    }
    chain postrouting {
      type nat hook postrouting priority 100
      oifname "ear" snat ip prefix to ip saddr map { ${CROWD} : ${from} }
    }
  }`]);
  // Acknowledgements are the server's processor's work, as with a network card whose queue is there.
  writeFileSync(`/sys/class/net/${device}/queues/rx-0/rps_cpus`, (1 << SERVER_CPU).toString(16));
  return { within: ears.within, from, counts: await carry(house, middle.within) };
}

/** Starts what carries the frames; the result ends it, and says what it has seen. */
async function carry(house, within) {
  const [program, ...args] = [...within, PYTHON, WIRE_PY, JSON.stringify({ server: 'server', crowd: 'crowd', ...WAY })];
  const child = startOn(OTHERS_CPU, program, args);
  house.keep({ close: () => child.kill() });
  await until('the wire carries', () => child.said().includes('ready') || !child.running());
  const alive = () => {
    if (!child.running()) throw new Error(`the wire broke: ${child.said()}`);
  };
  alive();
  return async () => {
    alive();
    await child.kill('SIGTERM');
    return JSON.parse(child.said().trim().split('\n').at(-1));
  };
}

/** A network namespace, held by a process that sleeps; `within` is what a command in it begins with. */
async function namespace(house) {
  const child = startOn(OTHERS_CPU, 'unshare', ['--net', 'sleep', 'infinity']);
  house.keep({ close: () => child.kill() });
  const net = `/proc/${child.pid}/ns/net`;
  await until('there is a namespace', () => readlinkSync(net) !== readlinkSync('/proc/self/ns/net') || !child.running());
  if (!child.running()) throw new Error(child.said());
  return { pid: child.pid, within: ['nsenter', `--net=${net}`] };
}

/** For switching off what the kernel leaves to a network card. */
async function provideEthtool() {
  if (await run('which', ['ethtool']).catch(() => null)) return;
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  await run('apt-get', ['install', '--yes', '--no-install-recommends', 'ethtool'], quiet);
}

const micros = (value) => `${value.toFixed(2)} µs`;
const percent = (share) => `${(100 * share).toFixed(2)} %`;
