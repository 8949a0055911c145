// A relay between the speaker's browser and the media port, which does to packets what a bad network does. It runs in a thread of
// its own: a browser driven from the same event loop would add jitter that nobody asked for.

import { Worker } from 'node:worker_threads';

/**
 * Relays UDP and TCP from `listen` to `to` (`{ address, port }`) through `network` (`networks.mjs`). `counts()` gives what
 * has passed so far: `{ up, down }`, each `{ came, sent, lost, delays_ms }` of sound packets over UDP, and `overslept_ms` of all that
 * passed: the machine's delay, not the network's.
 */
export async function startRelay({ listen, to, network, seed }) {
  const worker = new Worker(new URL('./relay_thread.mjs', import.meta.url), { workerData: { listen, to, network, seed } });
  const answer = () => new Promise((resolve, reject) => {
    const settle = (error, value) => {
      worker.off('message', told);
      worker.off('error', failed);
      if (error) reject(error);
      else resolve(value);
    };
    const told = (value) => settle(null, value);
    const failed = (error) => settle(error);
    worker.on('message', told);
    worker.on('error', failed);
  });
  await answer();
  return {
    counts: () => {
      const counts = answer();
      worker.postMessage('counts');
      return counts;
    },
    close: () => worker.terminate(),
  };
}
