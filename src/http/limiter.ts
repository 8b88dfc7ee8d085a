import type { Instant } from "#model";

/** Says whether somebody may try once more: `max` times in `windowMs`. What it knows is this process's own. */
export function limiter(max: number, windowMs: number, now: () => Instant): (who: string) => boolean {
  let tried = new Map<string, number>();
  let since = now();
  return (who) => {
    if (now() - since >= windowMs) {
      tried = new Map();
      since = now();
    }
    const count = (tried.get(who) ?? 0) + 1;
    tried.set(who, count);
    return count <= max;
  };
}
