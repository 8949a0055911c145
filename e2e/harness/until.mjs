// Waiting for conditions, never for time to pass.

/**
 * Asks `probe` until it gives something true, and returns that. A probe that throws has not succeeded yet.
 * The patience is no assertion about speed: it only ends a test that would hang.
 */
export async function until(what, probe, { patience_s = 60, every_ms = 50 } = {}) {
  const deadline = Date.now() + 1000 * patience_s;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`waited ${patience_s} s until ${what}; the last answer was ${seen}`);
    }
    // Pages and servers are asked from outside, where nothing tells of a change.
    await new Promise((resolve) => setTimeout(resolve, every_ms));
  }
}
