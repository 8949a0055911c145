// The server's share of speaker to speaker: from the packet in which a burst is sent to the packet of the mix-minus in
// which it comes back, without any browser's capture, jitter buffer or playout.

import { ms, quantile, row, say, setting, stageSpeakers, keyIn } from './setting.mjs';

export async function server(open) {
  // Each round is a new connection, so that the phase between a sender's packets and the mixer's ticks varies.
  const rounds = setting('STENTOR_BENCH_SERVER_ROUNDS', 8);
  const house = await open();
  const show = await house.show('packets', ['speaker', 'speaker']);
  const [ada, ben] = show.links.map(keyIn);
  const child = stageSpeakers(house, {
    show: show.id,
    rounds,
    speakers: [{ key: ben, name: 'Ben', sound: 'quiet' }, { key: ada, name: 'Ada', sound: 'bursts' }],
  });
  const { code } = await child.ended;
  if (code !== 0) throw new Error(child.said());
  const result = child.said().split('\n').find((line) => line.startsWith('{'));
  const { delays_ms, rounds_ms, sent, heard } = JSON.parse(result);
  say(`${heard} of ${sent} bursts came back; p50 of each round: ${rounds_ms.map(Math.round).join(', ')} ms`);
  return {
    rows: [
      row(`speaker to speaker inside the server, p50 of ${heard} bursts`, quantile(delays_ms, 0.5), 80, ms),
      { what: 'speaker to speaker inside the server, p95', measured: ms(quantile(delays_ms, 0.95)) },
    ],
    detail: { rounds, sent, heard, rounds_p50_ms: rounds_ms, delays_ms: delays_ms.map((d) => Number(d.toFixed(1))) },
  };
}
