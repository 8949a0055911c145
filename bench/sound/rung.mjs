// Inside a rung's network namespace: server, relay and browsers, and what was heard. Run by `ladder.mjs`.
//
// usage: rung.mjs SPEC, JSON: `name` of the network, `folder` for files, `microphone` (WAV), `seconds` to record, `result` (a path).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../../e2e/harness/child.mjs';
import { pressListen, takeStage } from '../../e2e/harness/house.mjs';
import { until } from '../../e2e/harness/until.mjs';
import { say, withHouse } from '../spine/setting.mjs';
import { NETWORKS } from './networks.mjs';
import { startRelay } from './relay.mjs';
import { envelopeOf, recordTap, withTaps } from './taps.mjs';

// What players and jitter buffer find out about the network in the beginning is not what is measured.
const SETTLE_S = 20;
// The same losses in every run.
const SEED = 20_261_123;
const SERVER = '127.0.0.1';
// What the server's answers name: there the relay listens, at the same port.
const RELAY = '127.0.0.9';
const SHOW = 'ladder';

const { name, folder, microphone, seconds, result } = JSON.parse(process.argv[2]);
const network = NETWORKS[name];

async function measure(open) {
  await openNetwork();
  const config = join(folder, 'stentor.toml');
  writeFileSync(config, `[media]\nadvertise = ["${RELAY}"]\n`);
  const house = await open({ media: `${SERVER}:0`, flags: ['--config', config] });
  const port = house.server.media_port;
  const relay = house.keep(await startRelay({ listen: { address: RELAY, port }, to: { address: SERVER, port }, network, seed: SEED }));
  await loseIn(port);

  const show = await house.show(SHOW, ['host']);
  const speaker = await house.chromium({ microphone });
  await withTaps(speaker.page);
  await takeStage(speaker.page, show.links[0].url, 'Ada');
  await house.untilStatus(SHOW, 'Ada is heard', ({ phase, people }) => phase === 'on_air' && people.includes('Ada'));
  const [page, close] = [await listener(house, show), await listener(house, show)];
  await close.getByRole('radio', { name: 'Close to live' }).check({ force: true });
  const began_ms = Date.now() + 1000 * SETTLE_S;
  await until('players and jitter buffer have settled', () => Date.now() > began_ms, { every_ms: 200 });

  say(`${name}: recording`);
  await page.evaluate(() => (window.taps.waits = 0));
  const sample = async () => ({ relay: await relay.counts(), nft_lost: await nftLost(), metrics: await metrics(house) });
  const before = await sample();
  const recorded = { page: join(folder, 'page.webm'), microphone: join(folder, 'microphone.webm'), tape: join(folder, 'tape.wav') };
  const url = `${house.server.front}/${SHOW}/live.ogg?kbps=32`;
  const [heard, spoken] = await Promise.all([
    recordTap(page, 'programme', seconds),
    recordTap(speaker.page, 'microphone', seconds),
    run('ffmpeg', ['-v', 'error', '-nostdin', '-i', url, '-t', String(seconds), recorded.tape]),
  ]);
  const after = await sample();
  writeFileSync(recorded.page, heard);
  writeFileSync(recorded.microphone, spoken);
  return {
    seconds,
    before,
    after,
    recorded,
    // What is heard now was said some seconds ago.
    said: await envelopeOf(speaker.page, 'microphone', began_ms - 1000 * SETTLE_S),
    ears: { page: await envelopeOf(page, 'programme', began_ms), close: await envelopeOf(close, 'programme', began_ms) },
    page: { waits: await page.evaluate(() => window.taps.waits), swerved_s: await swerved_s(page, began_ms) },
  };
}

async function listener(house, show) {
  const { page } = await house.chromium();
  await withTaps(page);
  await pressListen(page, show.listen_url);
  return page;
}

/** Seconds since then in which the player played faster or slower than sound was made. */
async function swerved_s(page, began_ms) {
  const rates = await page.evaluate(() => window.taps.rates);
  let sum_ms = 0;
  rates.forEach(({ at_ms, rate }, i) => {
    const until_ms = rates[i + 1]?.at_ms ?? Date.now();
    if (rate !== 1) sum_ms += Math.max(0, until_ms - Math.max(began_ms, at_ms));
  });
  return sum_ms / 1000;
}

/**
 * A browser gathers no candidates where there is nothing but loopback. The link gets no IPv6 address, which would come a
 * second later: a browser drops what it is loading when its network changes.
 */
async function openNetwork() {
  const commands = [
    'link set lo up',
    'link add uplink type veth peer name beyond',
    'link set uplink addrgenmode none',
    'link set beyond addrgenmode none',
    'addr add 10.77.0.2/24 dev uplink',
    'link set uplink up',
    'link set beyond up',
  ];
  for (const command of commands) await run('ip', command.split(' '));
}

/**
 * The kernel's losses, on the last hop to the server. Sound is told from the rest by its payload type, which is not one of
 * RTCP's 64 to 95 (RFC 5761 §4), and counted.
 */
async function loseIn(port) {
  const to = `ip daddr ${network.tcp ? RELAY : SERVER} udp dport ${port}`;
  const chance = network.tcp ? '' : `numgen random mod 1000 < ${Math.round(1000 * (network.loss ?? 0))}`;
  const rules = `table inet ladder {
    chain to_server {
      type filter hook input priority 0
      ${to} @th,64,2 2 @th,73,7 != 64-95 goto sound
      ${to} ${chance} drop
    }
    chain sound {
      ${chance} counter drop comment "sound"
    }
  }\n`;
  if (!network.tcp && !network.loss) return;
  const nft = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'inherit'] });
  nft.stdin.end(rules);
  const [code] = await once(nft, 'close');
  if (code !== 0) throw new Error('nft refused its rules');
}

async function nftLost() {
  const { nftables } = JSON.parse(await run('nft', ['-j', 'list', 'ruleset']));
  const sound = nftables.find(({ rule }) => rule?.comment === 'sound');
  return sound?.rule.expr.find(({ counter }) => counter).counter.packets ?? 0;
}

async function metrics(house) {
  const page = await (await fetch(`${house.server.desk}/metrics`)).text();
  const value = (family) => {
    const [, number] = new RegExp(`^${family}\\{show="${SHOW}"\\} (\\S+)`, 'm').exec(page) ?? [];
    if (number === undefined) throw new Error(`the server says nothing of ${family}`);
    return Number(number);
  };
  return {
    packets: value('stentor_speaker_packets_total'),
    late: value('stentor_speaker_late_packets_total'),
    dropped: value('stentor_speaker_dropped_packets_total'),
    concealed_s: value('stentor_speaker_concealed_seconds_total'),
    shortened_s: value('stentor_speaker_shortened_seconds_total'),
    lengthened_s: value('stentor_speaker_lengthened_seconds_total'),
    buffer_ms: value('stentor_speaker_buffer_ms_max'),
    late_ms_max: value('stentor_mixer_late_ms_max'),
  };
}

writeFileSync(result, JSON.stringify(await withHouse(measure)));
process.exit(0);
