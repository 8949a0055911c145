// Bytes that no protocol of ours begins with, sent to every kind of port.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';

/** What arrives at open ports on the internet: other protocols, cut-off and oversized heads, noise. */
export const GARBAGE = [
  Buffer.alloc(0),
  Buffer.alloc(4096),
  Buffer.from('\r\n\r\n\r\n'),
  Buffer.from('GET'),
  Buffer.from('GET / HTTP/9.9\r\n\r\n'),
  Buffer.from('GET  /  HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'),
  Buffer.from('POST /x/whip HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'),
  Buffer.from('POST /x/whip HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  Buffer.from(`GET /${'a'.repeat(70_000)} HTTP/1.1\r\nHost: a\r\n\r\n`),
  Buffer.from(`GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(10_000)}\r\n`),
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'),
  // A TLS ClientHello that ends in its middle.
  Buffer.from('16030102000100010001fc0303', 'hex'),
  noise(1, 20_000),
];

/** For the media socket: STUN, DTLS, RTP and TURN by their first byte (RFC 7983), all of them wrong. */
export const DATAGRAMS = [
  Buffer.alloc(0),
  Buffer.from([0]),
  // A STUN binding request for a user whom nobody knows (RFC 8489 §5: type, length, cookie, transaction).
  stun('nobody:nowhere'),
  stun('x'.repeat(500)),
  // Lengths that lie.
  Buffer.from('0001ffff2112a442000102030405060708090a0b', 'hex'),
  Buffer.from('000100082112a442000102030405060708090a0b0006ffff41414141', 'hex'),
  // DTLS, RTP, RTCP and TURN channel data of nobody.
  Buffer.from('16fefd0000000000000000ffff01', 'hex'),
  Buffer.from('806f0001000000010000000112345678', 'hex'),
  Buffer.from('81c90007123456780000000000000000', 'hex'),
  Buffer.from('4000ffff00', 'hex'),
  noise(2, 1400),
  noise(3, 60_000),
];

/** Sends bytes over TCP and reads whatever comes back until the other side or the bytes end. */
export async function sendTcp(port, bytes, { patience_ms = 2000 } = {}) {
  const socket = connect({ port, host: '127.0.0.1' });
  const got = [];
  socket.on('data', (part) => got.push(part));
  socket.on('error', () => {});
  // A door may answer garbage with silence: whoever sent it has to end that.
  socket.setTimeout(patience_ms, () => socket.destroy());
  socket.end(bytes);
  await once(socket, 'close');
  return Buffer.concat(got);
}

/** Sends each datagram to the media socket, many times over. */
export async function sendUdp(port, datagrams, times) {
  const socket = createSocket('udp4');
  for (let i = 0; i < times; i += 1) {
    for (const datagram of datagrams) {
      await new Promise((resolve) => socket.send(datagram, port, '127.0.0.1', resolve));
    }
  }
  socket.close();
}

/** The same noise every time. */
function noise(seed, length) {
  let state = seed;
  const byte = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  return Buffer.from(Uint8Array.from({ length }, byte));
}

function stun(user) {
  const name = Buffer.from(user);
  const padded = Buffer.concat([name, Buffer.alloc((4 - (name.length % 4)) % 4)]);
  const head = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');
  head.writeUInt16BE(4 + padded.length, 2);
  const attribute = Buffer.alloc(4);
  attribute.writeUInt16BE(0x0006, 0);
  attribute.writeUInt16BE(name.length, 2);
  return Buffer.concat([head, attribute, padded]);
}
