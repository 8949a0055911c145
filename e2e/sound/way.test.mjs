// The bad networks of the benchmarks, tested: one that is kinder than its name would prove nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NETWORKS } from '../../bench/sound/networks.mjs';
import { randomness, Way } from '../../bench/sound/way.mjs';

const PACKETS = 50_000;
const EVERY_MS = 20;

/** What becomes of packets that come one each 20 ms. */
function send(network, seed = 1) {
  const way = new Way(network, randomness(seed));
  return Array.from({ length: PACKETS }, (_, n) => ({ came_ms: n * EVERY_MS, ...way.take(n * EVERY_MS) }));
}

const share = (packets, lost) => packets.filter((packet) => packet.lost === lost).length / PACKETS;
const delays = (packets) => packets.filter(({ lost }) => !lost).map(({ came_ms, due_ms }) => due_ms - came_ms);

test('the same seed is the same network, another seed another', () => {
  assert.deepEqual(send(NETWORKS.train), send(NETWORKS.train));
  assert.notDeepEqual(send(NETWORKS.train), send(NETWORKS.train, 2));
});

test('packets are as late as the network says, and in order', () => {
  for (const name of ['home', 'hotel', 'train']) {
    const { delay_ms, jitter } = NETWORKS[name];
    const packets = send(NETWORKS[name]).filter(({ lost }) => !lost);
    const late = delays(packets);
    const mean = late.reduce((sum, x) => sum + x, 0) / late.length;
    assert.ok(mean >= delay_ms && mean < delay_ms + 2 * jitter.ms, `${name}: ${mean} ms in the mean`);
    assert.ok(Math.max(...late) > mean + 2 * jitter.ms, `${name}: ${Math.max(...late)} ms at most`);
    assert.ok(packets.every(({ due_ms }, n) => n === 0 || due_ms >= packets[n - 1].due_ms), name);
  }
});

test('losses come in bursts, and outages when their time has come', () => {
  const packets = send(NETWORKS.train);
  const { bursts, outages } = NETWORKS.train;
  const lost = share(packets, 'burst');
  assert.ok(Math.abs(lost - bursts.share) < 0.15 * bursts.share, `${lost}`);
  const begun = packets.filter(({ lost }, n) => lost === 'burst' && packets[n - 1]?.lost !== 'burst').length;
  const mean = (lost * PACKETS) / begun;
  assert.ok(Math.abs(mean - bursts.packets_mean) < 0.5, `${mean} packets in a burst`);
  const out = share(packets, 'outage');
  assert.ok(Math.abs(out - outages.lasts_s / outages.every_s) < 0.002, `${out}`);
  const [first] = packets.filter((packet) => packet.lost === 'outage');
  assert.equal(first.came_ms, 1000 * outages.every_s);
});

test('some overtake where the network lets them', () => {
  const packets = send(NETWORKS.stadium);
  const overtook = packets.filter(({ due_ms }, n) => n > 0 && due_ms < packets[n - 1].due_ms).length / PACKETS;
  assert.ok(overtook > 0.003 && overtook <= NETWORKS.stadium.overtaking + 0.002, `${overtook}`);
});
