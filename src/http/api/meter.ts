import type { Instant } from "#model";

/** How much somebody may still ask. */
export interface Metered {
  allowed: boolean;
  remaining: number;
  /** Until the count begins anew. */
  seconds: number;
}

export interface Meter {
  readonly max: number;
  readonly windowSeconds: number;
  /** Counts `times` and says what is left. */
  count: (who: string, times?: number) => Metered;
}

/** Counts what each asks in windows of `windowMs`. What it knows is this process's own, and goes with it. */
export function meter(max: number, windowMs: number, now: () => Instant): Meter {
  let counts = new Map<string, number>();
  let since = now();
  return {
    max,
    windowSeconds: windowMs / 1000,
    count(who, times = 1) {
      const at = now();
      if (at - since >= windowMs) {
        counts = new Map();
        since = at;
      }
      const count = (counts.get(who) ?? 0) + times;
      counts.set(who, count);
      return {
        allowed: count <= max,
        remaining: Math.max(0, max - count),
        seconds: Math.max(1, Math.ceil((since + windowMs - at) / 1000)),
      };
    },
  };
}
