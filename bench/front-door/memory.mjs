// What a listener takes of memory, ours and the kernel's: the server is alone in a control group, which counts both.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { row, say, setting, withHouse } from '../spine/setting.mjs';
import { certificate, prepare, stentor } from './contenders.mjs';
import { ask } from './crowd.mjs';

const LISTENERS = 5_000;
const OGG = 'live.ogg?kbps=32';
/** After the last has come: the bursts are acknowledged, and their buffers free. */
const SETTLE_MS = 10_000;
const RAMP_S = 5;

export async function memory() {
  await prepare();
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const of = await withHouse(async (open) => {
    const { folder } = await open({ server: false });
    const pair = await certificate(folder);
    return { plain: await each(stentor(OGG)), tls: await each(stentor(OGG, { tls: pair })) };
  });
  const kb = (value) => `${(value / 1000).toFixed(1)} kB`;
  return {
    rows: [
      row(`memory for each of ${LISTENERS} listeners, ours and the kernel's`, of.plain.each, 6_000, kb),
      row('the same over TLS', of.tls.each, 14_000, kb),
      ...Object.entries(of).map(([what, { user, kernel, tcp }]) => ({
        what: `of that (${what}): process, kernel's tables, data of TCP`,
        measured: [user, kernel, tcp].map((value) => kb(value / LISTENERS)).join(', '),
      })),
    ],
    detail: of,
  };
}

function each(contender) {
  return withHouse(async (open) => {
    const server = await contender(open);
    const group = new Group(server.pids()[0]);
    try {
      const before = group.charge();
      const seconds = RAMP_S + SETTLE_MS / 1000 + 10;
      const crowd = ask(server.url, { listeners: LISTENERS, arrivals: 'ramp', ramp: RAMP_S, seconds, tls: server.url.startsWith('https') });
      await new Promise((resolve) => setTimeout(resolve, RAMP_S * 1000 + SETTLE_MS));
      const after = group.charge();
      const { heard } = (await crowd).listeners;
      if (heard !== LISTENERS) throw new Error(`${heard} of ${LISTENERS} hear`);
      const more = Object.fromEntries(Object.keys(after).map((part) => [part, after[part] - before[part]]));
      const sum = more.user + more.kernel + more.tcp;
      say(`${server.url}: ${JSON.stringify(more)}`);
      return { ...more, each: sum / LISTENERS };
    } finally {
      group.close(server.pids()[0]);
    }
  });
}

/** A control group of one process. What it had before is not counted, what it takes from now on is. */
class Group {
  #is_v1 = existsSync('/sys/fs/cgroup/memory/memory.usage_in_bytes');
  #root = this.#is_v1 ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
  #folder = join(this.#root, `stentor-bench-${process.pid}`);

  constructor(pid) {
    mkdirSync(this.#folder);
    // A limit of its own, however large, makes the first version count the data of TCP.
    if (this.#is_v1) writeFileSync(join(this.#folder, 'memory.kmem.tcp.limit_in_bytes'), String(2 ** 40));
    writeFileSync(join(this.#folder, 'cgroup.procs'), String(pid));
  }

  /** Bytes, without what the kernel keeps of files. */
  charge() {
    const read = (name) => readFileSync(join(this.#folder, name), 'utf8');
    const stat = (name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(read('memory.stat'))?.[1] ?? NaN);
    if (!this.#is_v1) return { user: stat('anon'), kernel: stat('kernel'), tcp: stat('sock') };
    return {
      user: stat('rss'),
      kernel: Number(read('memory.kmem.usage_in_bytes')),
      tcp: Number(read('memory.kmem.tcp.usage_in_bytes')),
    };
  }

  close(pid) {
    writeFileSync(join(this.#root, 'cgroup.procs'), String(pid));
    rmdirSync(this.#folder);
  }
}
