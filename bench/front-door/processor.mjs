// Which processor does what, and what it costs. The server has one for itself; the crowd and all that feeds have the other.

import { readFileSync, readdirSync } from 'node:fs';

import { run, start } from '../../e2e/harness/child.mjs';

export const SERVER_CPU = 0;
export const OTHERS_CPU = 1;

/** As many descriptors as a process may have on the machines that this is made for. */
const DESCRIPTORS = 20_000;

/** Starts a program on one processor, with descriptors for a crowd. */
export function startOn(cpu, program, args, options) {
  const limits = ['-c', String(cpu), 'prlimit', `--nofile=${DESCRIPTORS}`, program];
  return start('taskset', [...limits, ...args], options);
}

/** This very program goes where the server is not. */
export function pinSelf() {
  return run('taskset', ['-apc', String(OTHERS_CPU), String(process.pid)]);
}

/**
 * Seconds of processor time that these processes have had so far, by the scheduler's figures: all their threads together, or those
 * whose names begin with `only`.
 */
export function cpuSeconds(pids, only = '') {
  let ns = 0n;
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      if (!readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').startsWith(only)) continue;
      // The first of three numbers: nanoseconds on a processor (Documentation/scheduler/sched-stats.rst).
      ns += BigInt(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    }
  }
  return Number(ns) / 1e9;
}

/** A process and all that it has started. */
export function family(pid) {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .flatMap((name) => family(Number(name)));
  return [pid, ...children];
}

function parentOf(pid) {
  try {
    // The fourth field; the name before it may contain spaces, but ends with the last `)`.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1).trim().split(' ')[1]);
  } catch {
    return null;
  }
}
