// What the containers and HTTP add to the codec's bytes, counted in what a socket gives.

import { once } from 'node:events';
import { connect } from 'node:net';

import { setting, withHouse } from '../spine/setting.mjs';
import { CONVERSATION, stentor } from './contenders.mjs';

export async function framing() {
  const seconds = setting('STENTOR_BENCH_FRAMING_S', 60);
  const of = await withHouse(async (open) => {
    const { url } = await stentor('', { speech: CONVERSATION })(open);
    const [ogg, mp4] = await Promise.all(['live.ogg', 'live.mp4'].map((file) => taken(new URL(`${url}${file}?kbps=32`), seconds)));
    return { ogg: ratio(ogg, codecBytesOfOgg), mp4: ratio(mp4, codecBytesOfMp4) };
  });
  const row = (what, { over }, limit) => ({ what, measured: over.toFixed(3), promised: `≤ ${limit.toFixed(2)}`, kept: over <= limit });
  return {
    rows: [row('bytes handed to TCP over bytes of the codec, 0.96 s, Ogg', of.ogg, 1.04), row('the same, fMP4', of.mp4, 1.1)],
    detail: of,
  };
}

/** The body of a stream as it comes for so long, with HTTP's chunked coding, without the opening. */
async function taken({ hostname, port, pathname, search }, seconds) {
  const socket = connect({ host: hostname, port });
  await once(socket, 'connect');
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  const pieces = [];
  socket.on('data', (piece) => pieces.push(piece));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  socket.destroy();
  const all = Buffer.concat(pieces);
  let at = all.indexOf('\r\n\r\n') + 4;
  const chunks = [];
  for (;;) {
    const end = all.indexOf('\r\n', at);
    const size = parseInt(all.subarray(at, end).toString(), 16);
    if (end < 0 || !(end + 2 + size + 2 <= all.length)) break;
    chunks.push({ whole: end + 2 + size + 2 - at, body: all.subarray(end + 2, end + 2 + size) });
    at = end + 2 + size + 2;
  }
  // The first is the opening: the container's head and the burst.
  return chunks.slice(1);
}

function ratio(chunks, codecBytes) {
  const whole = chunks.reduce((sum, chunk) => sum + chunk.whole, 0);
  const codec = chunks.reduce((sum, chunk) => sum + codecBytes(chunk.body), 0);
  return { chunks: chunks.length, whole, codec, over: whole / codec };
}

/** RFC 3533 §6: 27 bytes, of which the last counts the lacing values that follow. */
function codecBytesOfOgg(body) {
  let [at, sum] = [0, 0];
  while (at + 27 <= body.length) {
    if (body.toString('latin1', at, at + 4) !== 'OggS') throw new Error('no page begins where one should');
    const lacing = body.subarray(at + 27, at + 27 + body[at + 26]);
    const bytes = lacing.reduce((total, value) => total + value, 0);
    sum += bytes;
    at += 27 + lacing.length + bytes;
  }
  return sum;
}

/** ISO/IEC 14496-12 §4.2: what is in the `mdat` boxes. */
function codecBytesOfMp4(body) {
  let [at, sum] = [0, 0];
  while (at + 8 <= body.length) {
    const size = body.readUInt32BE(at);
    if (size < 8) throw new Error('no box begins where one should');
    if (body.toString('latin1', at + 4, at + 8) === 'mdat') sum += size - 8;
    at += size;
  }
  return sum;
}
