// The command line and a desk that is reached by HTTPS: by an authority that is named, or else by those of the system.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '../harness/child.mjs';
import { House } from '../harness/house.mjs';

test('the command line at a desk by HTTPS', async (t) => {
  const house = await House.withTls(t);
  await house.desk.createShow({ id: 'far', title: 'Far away' });
  const { port } = new URL(house.server.desk);
  const list = ['show', 'list', '--desk', `https://localhost:${port}`, '--key', house.server.operator_key];
  // A proxy that nobody runs: a desk is asked for by nobody in between.
  const env = { ...process.env, ALL_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' };
  assert.match(String(await run(process.env.STENTOR_BIN, [...list, '--ca', house.path('ca.pem')], { env })), /^far .* Far away$/m);
  await assert.rejects(run(process.env.STENTOR_BIN, list, { env }), (error) => {
    assert.match(error.message, /does not answer: .*certificate/i);
    assert.doesNotMatch(error.message, /panicked/);
    return true;
  });
});
