// Who is measured: Stentor, Icecast, nginx with HLS, and a bare loop of writes. Each serves the same speech at 32 kbit/s to whoever
// comes, on one processor, and is started for one measurement.

import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { run } from '../../e2e/harness/child.mjs';
import { until } from '../../e2e/harness/until.mjs';
import { ROOT, keyIn } from '../spine/setting.mjs';
import { OTHERS_CPU, SERVER_CPU, family, startOn } from './processor.mjs';

const BINARY = process.env.STENTOR_BIN;
/** Half of a conversation: in its pauses codecs have little to say. */
const SPEECH = join(ROOT, 'assets/demo/ada.opus');
/** Both halves, in which somebody always speaks. */
export const CONVERSATION = [SPEECH, join(ROOT, 'assets/demo/ben.opus')];
/**
 * Those that serve listeners. The others mix and record, which ffmpeg does for the rest of the field, and what that takes depends on what
 * is being said: a pause more or less would be as much as a thousand listeners.
 */
const LISTENERS_THREADS = 'front';
/** A shard is a thread: one, as there is one processor. */
const ONE_THREAD = '[front]\nthreads = 1\n';
/** What Stentor gives whoever comes: five groups of 0.96 s; Icecast is told to give as much. */
const BURST_BYTES = 5 * 3_840;

/** Stentor. `tls` is a certificate's `{ cert, key }`; `path` is what of it is asked for. */
export function stentor(path, { tls, interval_ms = 960, speech = [SPEECH] } = {}) {
  return async (open) => {
    const keys = tls ? `[tls]\ncert = "${tls.cert}"\nkey = "${tls.key}"\n` : '';
    const house = await open({ config: `${ONE_THREAD}interval_ms = ${interval_ms}\n${keys}`, tls: Boolean(tls) });
    const { server } = house;
    await run('taskset', ['-apc', String(SERVER_CPU), String(server.pid)]);
    const show = await house.show('evening', speech.map(() => 'speaker'));
    const to = ['--to', `${server.stage}/evening/whip`, '--repeat', ...(tls ? ['--ca', tls.cert] : [])];
    speech.forEach((file, n) => {
      keepChild(house, startOn(OTHERS_CPU, BINARY, ['publish', file, ...to, '--key', keyIn(show.links[n])]));
    });
    await house.untilStatus('evening', 'there is sound for a burst', (status) => status.live_at_s > (5 * interval_ms) / 1000 + 8, { patience_s: 60 });
    return { url: `${server.front}/evening/${path}`, pids: () => [server.pid], threads: LISTENERS_THREADS, gap_ms: 2 * interval_ms };
  };
}

/** Icecast, with pages of so long. */
export function icecast(page_ms) {
  return async (open) => {
    const house = await open({ server: false });
    const port = await freePort();
    writeFileSync(house.path('icecast.xml'), icecastXml(house.folder, port));
    const child = keepChild(house, startOn(SERVER_CPU, 'icecast2', ['-c', house.path('icecast.xml')]));
    await until('Icecast listens', () => answers(`http://127.0.0.1:${port}/`, child), { patience_s: 30 });
    const opus = ['-c:a', 'libopus', '-b:a', '32k', '-page_duration', String(page_ms * 1000), '-content_type', 'audio/ogg'];
    feed(house, [...opus, '-f', 'ogg', `icecast://source:bench@127.0.0.1:${port}/live.ogg`]);
    const url = `http://127.0.0.1:${port}/live.ogg`;
    await until('Icecast has sound', () => answers(url, child), { patience_s: 30 });
    return { url, pids: () => [child.pid] };
  };
}

/** nginx, with segments of so long from memory. */
export function nginx(segment_s, { tls } = {}) {
  return async (open) => {
    const house = await open({ server: false });
    const port = await freePort();
    const root = join('/dev/shm', `front-door-${process.pid}`);
    mkdirSync(root, { recursive: true });
    house.keep({ close: () => run('rm', ['-r', root]) });
    const hls = ['-f', 'hls', '-hls_time', String(segment_s), '-hls_list_size', '6', '-hls_segment_type', 'fmp4'];
    feed(house, ['-c:a', 'aac', '-b:a', '32k', ...hls, '-hls_flags', 'delete_segments', join(root, 'live.m3u8')]);
    writeFileSync(house.path('nginx.conf'), nginxConf(house.folder, root, port, tls));
    const child = startOn(SERVER_CPU, 'nginx', ['-c', house.path('nginx.conf')]);
    // Told to go, it takes its worker along; killed, it would leave it behind.
    house.keep({ close: () => child.kill('SIGTERM') });
    const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}/live.m3u8`;
    const plain = `http://127.0.0.1:${port + 1}/live.m3u8`;
    await until('nginx has sound', () => answers(plain, child), { patience_s: 30 });
    return { url, hls: true, pids: () => family(child.pid) };
  };
}

/**
 * A loop of writes without a thought, of as many bytes each interval as somebody else writes: to all in one go, or as Stentor spreads
 * them, `slice` at a time over half of the interval.
 */
export function bareLoop(interval_ms, bytes, slice) {
  return async (open) => {
    const house = await open({ server: false });
    const port = await freePort();
    const args = [port, interval_ms, bytes(), slice].filter((arg) => arg !== undefined).map(String);
    const child = keepChild(house, startOn(SERVER_CPU, bareLoopBinary(), args));
    await until('the loop listens', () => answers(`http://127.0.0.1:${port}/`, child), { patience_s: 30 });
    return { url: `http://127.0.0.1:${port}/live.aac`, pids: () => [child.pid] };
  };
}

/** Builds what is not there yet. */
export async function prepare() {
  await run('cargo', ['build', '--release', '--package', 'stentor-crowd', '--example', 'bare_loop'], { cwd: ROOT });
  const missing = [];
  for (const [program, pack] of [['icecast2', 'icecast2'], ['nginx', 'nginx-light']]) {
    await run('which', [program]).catch(() => missing.push(pack));
  }
  if (missing.length === 0) return;
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' } };
  await run('apt-get', ['install', '--yes', '--no-install-recommends', ...missing], quiet);
}

/** A certificate with an ECDSA key, as ours are. */
export async function certificate(folder) {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE'];
  await run('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', cert]);
  return { cert, key };
}

const bareLoopBinary = () => join(ROOT, 'target/release/examples/bare_loop');

function keepChild(house, child) {
  house.keep({ close: () => child.kill() });
  return child;
}

/** Speech in real time, encoded by ffmpeg. */
function feed(house, output) {
  const input = ['-loglevel', 'error', '-re', '-stream_loop', '-1', '-i', SPEECH, '-ac', '1', '-ar', '48000'];
  return keepChild(house, startOn(OTHERS_CPU, 'ffmpeg', [...input, ...output]));
}

async function answers(url, child) {
  if (!child.running()) throw new Error(child.said());
  const stop = new AbortController();
  try {
    return (await fetch(url, { signal: stop.signal })).status < 500;
  } catch {
    return false;
  } finally {
    stop.abort();
  }
}

/** A port that is free, and the next one with it. */
async function freePort() {
  const server = createServer();
  const port = await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function icecastXml(folder, port) {
  return `<icecast>
  <limits><clients>19900</clients><sources>2</sources><queue-size>524288</queue-size>
    <client-timeout>30</client-timeout><header-timeout>15</header-timeout><source-timeout>10</source-timeout>
    <burst-on-connect>1</burst-on-connect><burst-size>${BURST_BYTES}</burst-size></limits>
  <authentication><source-password>bench</source-password><admin-user>admin</admin-user><admin-password>bench</admin-password></authentication>
  <hostname>localhost</hostname>
  <listen-socket><port>${port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <fileserve>0</fileserve>
  <paths><basedir>${folder}</basedir><logdir>/tmp</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>
  <logging><accesslog>front-door-access.log</accesslog><errorlog>front-door-error.log</errorlog><loglevel>1</loglevel></logging>
  <security><chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner></security>
</icecast>
`;
}

function nginxConf(folder, root, port, tls) {
  const secure = tls
    ? `listen 127.0.0.1:${port} ssl backlog=4096; listen 127.0.0.1:${port + 1}; ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key}; ssl_protocols TLSv1.3;`
    : `listen 127.0.0.1:${port} backlog=4096; listen 127.0.0.1:${port + 1};`;
  return `daemon off; user root; worker_processes 1; worker_rlimit_nofile 20000; pid ${join(folder, 'nginx.pid')}; error_log ${join(folder, 'nginx.log')} crit;
events { worker_connections 19900; }
http {
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; open_file_cache max=1000 inactive=20s; open_file_cache_valid 1s;
  keepalive_timeout 300s; keepalive_requests 1000000; default_type application/octet-stream;
  types { application/vnd.apple.mpegurl m3u8; video/mp4 mp4 m4s; }
  server { ${secure} root ${root}; }
}
`;
}
