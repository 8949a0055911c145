// A certificate by ACME from an authority of another maker: asked for, verified on the front door's port, shown,
// kept for the next start. And an authority that cannot verify a name: the log says what to do.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';

import { start } from '../harness/child.mjs';
import { Desk } from '../harness/desk.mjs';
import { House } from '../harness/house.mjs';
import { startServer } from '../harness/server.mjs';
import { until } from '../harness/until.mjs';

const AUTHORITY = fileURLToPath(new URL('../clients/acme_server.py', import.meta.url));
const PYTHON = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
const NAMES = ['listen.stentor.test', 'stage.stentor.test'];

test('a certificate by ACME', async (t) => {
  const house = await House.empty(t);
  const { port, authority, ca } = await openAuthority(house);
  const server = await serve(house, port, authority.directory, NAMES);
  const first = await until('the front door shows the certificate', () => shown(port, NAMES[0], ca));
  assert.deepEqual(first.subjectaltname.split(', ').sort(), NAMES.map((name) => `DNS:${name}`).sort());
  const second = await shown(port, NAMES[1], ca);
  assert.equal(second.serialNumber, first.serialNumber, 'one certificate for both names');
  await t.test('the desk on this machine speaks plain HTTP, and links begin with the name', async () => {
    const show = await new Desk(server).createShow({ id: 'evening' });
    assert.equal(show.listen_url, `https://${NAMES[0]}:${port}/evening`);
  });
  await t.test('account and certificate are private', () => {
    const folder = join(server.data, 'acme');
    const files = readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
    const kept = files.filter((file) => statSync(file).isFile());
    assert.equal(kept.length, 2, kept.join(', '));
    for (const file of kept) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  });
  await t.test('after a crash, and without the authority, the certificate is shown at once', async () => {
    await authority.kill();
    await server.kill();
    await server.startAgain();
    const again = await until('the doors are open', () => shown(port, NAMES[0], ca));
    assert.equal(again.serialNumber, first.serialNumber);
  });
});

test('a name that the authority cannot verify', async (t) => {
  const house = await House.empty(t);
  const { port, authority, ca } = await openAuthority(house);
  const server = await serve(house, port, authority.directory, ['listen.nowhere.test']);
  const line = await until('the log says so', () =>
    server.said().split('\n').find((text) => text.includes('certificate_delayed')), { patience_s: 180 });
  assert.match(line, /could not verify listen\.nowhere\.test .*port 443 .* It is asked for again in 1 min/);
  await assert.rejects(shown(port, 'listen.nowhere.test', ca), 'there is nothing to show');
  assert.ok(server.running(), 'and the server waits for better times');
});

/** An authority for whom port 443 is a port of ours. */
async function openAuthority(house) {
  const port = await freePort();
  const folder = house.path('authority');
  const authority = start(PYTHON, [AUTHORITY, folder, String(port)]);
  house.keep({ close: () => authority.kill() });
  authority.directory = await until('the authority answers', () => {
    if (!authority.running()) throw new Error(authority.said());
    return /directory (http\S+)/.exec(authority.said())?.[1];
  });
  return { port, authority, ca: readFileSync(join(folder, 'ca.pem')) };
}

async function serve(house, port, directory, names) {
  const config = house.path('stentor.toml');
  writeFileSync(config, `[tls]\nacme_directory = "${directory}"\nacme_contact = "operator@stentor.test"\n`);
  const flags = ['--config', config, ...names.flatMap((name) => ['--acme', name])];
  const server = await startServer(house.folder, { front: `127.0.0.1:${port}`, flags });
  house.keep({ close: () => server.kill() });
  return server;
}

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

/** The certificate that a browser would take for this name. */
function shown(port, servername, ca) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername, ca }, () => {
      resolve(socket.getPeerCertificate());
      socket.end();
    });
    socket.on('error', reject);
  });
}
