import cron from "node-cron";
import { atMinute, type Day, dayOf, type Instant, ZONE } from "#model";

/** The local day whose night is due at `now`: today once the wall clock has passed `at`, else yesterday. */
export function nightDue(now: Instant, at: string): Day {
  const today = dayOf(now);
  const [hours = 0, minutes = 0] = at.split(":").map(Number);
  // Where the clock change skips the time, `atMinute` gives the change itself; where it repeats it, the first.
  return now >= atMinute(today, hours * 60 + minutes) ? today : today - 1;
}

/**
 * Runs the night once a day at the wall-clock time `at`. It looks every minute whether a night is due that has not
 * been run, so that a machine that was off, a clock change or a failed start delays a night but never loses it.
 * `lastNight` is the day of the last finished night, null before the first. A night that fails is tried again after an hour.
 */
export function scheduleNights({
  at,
  now,
  lastNight,
  run,
}: {
  at: string;
  now: () => Instant;
  lastNight: () => Promise<Day | null>;
  run: (day: Day) => Promise<void>;
}): { stop: () => Promise<void>; tick: () => Promise<void> } {
  let finished: Day | null = null;
  let retryAt = 0;
  let current: Promise<void> | null = null;

  async function look(): Promise<void> {
    const due = nightDue(now(), at);
    if ((finished !== null && finished >= due) || now() < retryAt) return;
    finished = await lastNight();
    if (finished !== null && finished >= due) return;
    try {
      await run(due);
      finished = due;
    } catch {
      // `run` has told the operator; here only the next attempt is decided.
      retryAt = now() + 3_600_000;
    }
  }

  const tick = async (): Promise<void> => {
    current ??= look().finally(() => {
      current = null;
    });
    await current;
  };
  const task = cron.schedule("* * * * *", tick, { timezone: ZONE, noOverlap: true });
  return {
    tick,
    async stop() {
      await task.stop();
      await current;
    },
  };
}
