// How a check turned out. Words for a grade and its finding are in the texts.

export type Grade = 'good' | 'usable' | 'bad';

/** A grade and what it rests on; `null` where a verdict is expected means that there is none yet. */
export interface Verdict<Finding extends string> {
  grade: Grade;
  finding: Finding;
}

/** The worse of two grades. */
export function worse(a: Grade, b: Grade): Grade {
  const order: Grade[] = ['good', 'usable', 'bad'];
  return order[Math.max(order.indexOf(a), order.indexOf(b))]!;
}

/** The value below which this share of the values lies; the values are not empty. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
