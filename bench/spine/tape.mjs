// The tape on a simulated disk that drops and reorders what was not synced, tears writes and flips bits.

import { run } from '../../e2e/harness/child.mjs';
import { ROOT, say, setting } from './setting.mjs';

export async function tape() {
  const cases = setting('STENTOR_CASES', 100_000);
  const test = ['test', '--release', '-p', 'stentor-tape', '--test', 'sim_disk'];
  say('compiling');
  await run('cargo', [...test, '--no-run'], { cwd: ROOT });
  const began = performance.now();
  const env = { ...process.env, STENTOR_CASES: String(cases) };
  const said = await run('cargo', test, { cwd: ROOT, env }).then(String, (error) => error.message);
  const seconds = (performance.now() - began) / 1000;
  const [, verdict, passed, failed] = /test result: (\w+)\. (\d+) passed; (\d+) failed/.exec(said) ?? [];
  const measured = `${passed ?? 0} tests passed, ${failed ?? 'all'} failed`;
  return {
    rows: [
      { what: `tape on a simulated disk, ${cases} seeded cases`, measured, promised: 'all pass', kept: verdict === 'ok' },
      { what: 'time for that', measured: `${seconds.toFixed(0)} s` },
    ],
    detail: { cases, seconds, verdict: verdict ?? said.slice(-2000) },
  };
}
