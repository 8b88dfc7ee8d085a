/** What handlers found a rule's findings to be. */
export interface Judged {
  confirmed: number;
  /** Those that had an innocent cause. What could not be judged is in neither. */
  explained: number;
}

export interface Precision {
  confirmed: number;
  judged: number;
  /** Confirmed ÷ judged with its 95 % interval (Wilson 1927); null below ten judged, where it would say too little. */
  share: { value: number; low: number; high: number } | null;
}

const JUDGED_MIN = 10;
const Z = 1.96;

/** How often a rule is right, as far as its findings have been judged. */
export function precisionOf({ confirmed, explained }: Judged): Precision {
  const judged = confirmed + explained;
  if (judged < JUDGED_MIN) return { confirmed, judged, share: null };
  const value = confirmed / judged;
  const middle = (value + Z ** 2 / (2 * judged)) / (1 + Z ** 2 / judged);
  const half = (Z / (1 + Z ** 2 / judged)) * Math.sqrt((value * (1 - value)) / judged + Z ** 2 / (4 * judged ** 2));
  return { confirmed, judged, share: { value, low: Math.max(0, middle - half), high: Math.min(1, middle + half) } };
}
