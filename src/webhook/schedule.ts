import type { Instant } from "#model";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long after an attempt the next one is made; the last one again and again. */
const pauses = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 12 * HOUR];
/** So long a delivery is tried, and so long an endpoint may fail before it is disabled. */
export const PATIENCE_MS = 72 * HOUR;
const JITTER = 0.1;

/** A tenth more or less, so that what failed together does not come back together. */
const about = (ms: number, random: () => number): number => Math.round(ms * (1 + JITTER * (2 * random() - 1)));

/** When to try again after so many attempts, the last at `at`; null where `since` is too long ago by then. */
export function retryAt(
  { attempts, since, at, askedMs = null }: { attempts: number; since: Instant; at: Instant; askedMs?: number | null },
  random: () => number,
): Instant | null {
  const pause = pauses[Math.min(attempts, pauses.length) - 1] ?? 0;
  const next = at + Math.max(about(pause, random), askedMs ?? 0);
  return next - since > PATIENCE_MS ? null : next;
}

const ASKED_MAX = 12 * HOUR;

/** What a receiver asks us to wait (`Retry-After`: seconds or a date), within bounds; null where it does not say. */
export function askedPause(header: string | undefined, at: Instant): number | null {
  const text = header?.trim() ?? "";
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * SECOND : Date.parse(text) - at;
  // Years and the like are dates to the parser.
  if (Number.isNaN(ms) || !/^\d+$|^[A-Z][a-z]{2}/.test(text)) return null;
  return Math.min(Math.max(ms, SECOND), ASKED_MAX);
}

/** After so many failures one after the other an endpoint gets one attempt at a time, and that after a pause. */
export const BREAKER_FAILURES = 5;

/** How long an endpoint with so many failures in a row is left alone; null: it is not. */
export function breakerPause(failures: number, random: () => number): number | null {
  if (failures < BREAKER_FAILURES) return null;
  return about(Math.min(10 * SECOND * 2 ** Math.min(failures - BREAKER_FAILURES, 10), 15 * MINUTE), random);
}

/** Of an endpoint that has failed and has something waiting, an attempt is never older: the longest pause and its jitter. */
export const TRIED_MS = 14 * HOUR;

const notices = [50, 70, 90, 100] as const;

/** How many per cent of the way to being disabled an endpoint has gone, as far as somebody is told: 0, 50, 70, 90 or 100. */
export function noticeAt(failingSince: Instant, at: Instant): number {
  const gone = ((at - failingSince) / PATIENCE_MS) * 100;
  return notices.findLast((notice) => gone >= notice) ?? 0;
}
