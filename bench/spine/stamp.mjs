// When, where and with what something was measured.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

import { run } from '../../e2e/harness/child.mjs';
import { ROOT } from './setting.mjs';

/** Taken before the measurement: the load then is what the machine did besides it. */
export async function stamp() {
  const of = async (program, ...args) => String(await run(program, args, { cwd: ROOT })).trim().split('\n')[0];
  return {
    date: new Date().toISOString(),
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memory_gib: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      load_before: loadavg()[0],
    },
    versions: {
      commit: await of('git', 'describe', '--always', '--dirty'),
      stentor: await of(process.env.STENTOR_BIN, '--version'),
      chromium: await of('chromium', '--version'),
      node: process.version,
      rust: await of('rustc', '--version'),
      aiortc: /aiortc==(\S+)/.exec(readFileSync(join(ROOT, 'e2e/requirements.txt'), 'utf8'))[1],
    },
  };
}

/** Writes `results/{name}-{part}.json`. */
export function write(name, part, result) {
  const folder = join(ROOT, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify({ ...result, load_after: loadavg()[0] }, null, 1);
  // Lists of numbers on one line: a result is read by people, and compared by line.
  const flat = text.replace(/\[\s+(-?[\d.]+(?:,\s+-?[\d.]+)*)\s+\]/g, (_, list) => `[${list.replace(/\s+/g, ' ')}]`);
  writeFileSync(join(folder, `${name}-${part}.json`), `${flat}\n`);
}
