// kill -9, again and again: the test of that name, as often as the issue asks, with its times.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { ROOT, ms, quantile, say, setting } from './setting.mjs';

// Fewer rounds that hold keep no promise; one that fails breaks it.
const PROMISED_ROUNDS = 100;

export async function kill() {
  const rounds = setting('STENTOR_KILL_ROUNDS', PROMISED_ROUNDS);
  const test = ['--test', '--test-reporter=tap', join(ROOT, 'e2e/tests/kill_minus_9.test.mjs')];
  const env = { ...process.env, STENTOR_KILL_ROUNDS: String(rounds), NODE_TEST_CONTEXT: undefined };
  const child = spawn('node', test, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [times, said] = [[], []];
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line);
    const [, round] = /^# round (\{.*\})/.exec(line) ?? [];
    if (!round) return;
    times.push(JSON.parse(round));
    if (times.length % 5 === 0) say(line);
  });
  const [code] = await once(child, 'close');
  const names = /(\d+) names, each of one sound/.exec(said.join('\n'))?.[1];
  const of = (field, share) => ms(quantile(times.map((time) => time[field]), share));
  return {
    rows: [
      {
        what: `kill -9, ${times.length} rounds: on air again, no URL names two sounds, holes shown`,
        measured: code === 0 ? `all hold, ${names} URLs` : 'failed',
        promised: `${PROMISED_ROUNDS} rounds`,
        ...((code !== 0 || times.length >= PROMISED_ROUNDS) && { kept: code === 0 }),
      },
      { what: 'from the kill to open doors, p50 and worst', measured: `${of('doors_ms', 0.5)}, ${of('doors_ms', 1)}` },
      { what: 'from the kill to the speaker heard again, p50 and worst', measured: `${of('speaking_ms', 0.5)}, ${of('speaking_ms', 1)}` },
    ],
    detail: { rounds, times, ...(code !== 0 && { failure: said.filter((line) => !line.startsWith('# round')).slice(-60).map((line) => line.replaceAll(ROOT, '')) }) },
  };
}
