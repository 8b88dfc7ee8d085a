import { AppError } from "#errors";
import type { JourneyPair, TravelMode } from "#travel";
import { type Batch, batchesOf } from "./batches.ts";
import { protocols } from "./protocols.ts";

/** Where journeys are asked for, as the configuration says. */
export interface Router {
  kind: keyof typeof protocols;
  /** `{mode}` stands for OSRM's profile, since one OSRM server answers for one way to travel. */
  url: string;
  modes: readonly TravelMode[];
}

export interface Asked {
  answers: Array<JourneyPair & { mode: TravelMode; seconds: number | null }>;
  /** Why some were not answered, one line; null where all were. */
  failure: string | null;
}

class RouterFailed extends AppError {
  readonly code = "route.failed";
  readonly kind = "unavailable";

  constructor(url: URL, what: string, options?: ErrorOptions) {
    // The path is left out: it holds the places where people live.
    super(`Router ${url.host} ${what}.`, { host: url.host }, options);
  }
}

/** So many failures in a row, and the router is left alone until the next night. */
const FAILURES_MAX = 3;
const AT_ONCE = 4;

/**
 * Asks the router for each pair by each of its modes, many in one request. Never throws for what the router does: what
 * it has not answered within the time is missing, and the straight line stands instead.
 *
 * @param wanted pairs by mode, in the order in which they are to be asked.
 */
export async function askRouter(
  router: Router,
  wanted: ReadonlyMap<TravelMode, readonly JourneyPair[]>,
  {
    signal,
    timeLimitMs,
    requestLimitMs = 20_000,
  }: { signal: AbortSignal; timeLimitMs: number; requestLimitMs?: number },
): Promise<Asked> {
  const answers: Asked["answers"] = [];
  let failures = 0;
  let failure: string | null = null;
  const overall = AbortSignal.timeout(timeLimitMs);
  const queue = [...wanted].flatMap(([mode, pairs]) => batchesOf(pairs).map((batch) => ({ mode, batch })));
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { mode, batch } = next;
      signal.throwIfAborted();
      if (overall.aborted) failure ??= `The time limit of ${timeLimitMs / 1000} s passed.`;
      if (overall.aborted || failures >= FAILURES_MAX) return;
      try {
        const limit = AbortSignal.any([signal, overall, AbortSignal.timeout(requestLimitMs)]);
        const seconds = await askOnce(router, mode, batch, limit);
        failures = 0;
        if (seconds !== "refused") answers.push(...answersOf(mode, batch, seconds));
        else if (batch.pairs.length > 1) queue.unshift(...halves(batch).map((half) => ({ mode, batch: half })));
        // Refused alone: no road near one of the places, or too far. Asking again would give the same.
        else answers.push({ ...batch.pairs[0]!, mode, seconds: null });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof RouterFailed)) throw error;
        failures++;
        failure = error.message;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { answers, failure };
}

function halves({ pairs }: Batch): Batch[] {
  const middle = pairs.length >> 1;
  return [...batchesOf(pairs.slice(0, middle)), ...batchesOf(pairs.slice(middle))];
}

function answersOf(
  mode: TravelMode,
  { sources, targets, pairs }: Batch,
  seconds: ReadonlyArray<ReadonlyArray<number | null>>,
): Asked["answers"] {
  const row = new Map(sources.map((place, position) => [place, position]));
  const column = new Map(targets.map((place, position) => [place, position]));
  return pairs.map(({ from, to }) => {
    const found = seconds[row.get(from)!]?.[column.get(to)!] ?? null;
    return { from, to, mode, seconds: found === null ? null : Math.round(found) };
  });
}

async function askOnce(
  router: Router,
  mode: TravelMode,
  batch: Batch,
  signal: AbortSignal,
): Promise<ReadonlyArray<ReadonlyArray<number | null>> | "refused"> {
  const protocol = protocols[router.kind];
  const { url, body } = protocol.request(router.url, mode, batch);
  let answer: unknown;
  try {
    const response = await fetch(url, {
      signal,
      redirect: "error",
      ...(body === null ? {} : { method: "POST", body, headers: { "Content-Type": "application/json" } }),
    });
    // Both say 400 where one place is out of reach, and then for the whole request.
    if (response.status === 400) {
      await response.body?.cancel();
      return "refused";
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new RouterFailed(url, `answered ${response.status}`);
    }
    answer = await response.json();
  } catch (error) {
    if (error instanceof RouterFailed) throw error;
    throw new RouterFailed(url, signal.aborted ? "did not answer in time" : "could not be reached", { cause: error });
  }
  let seconds: ReadonlyArray<ReadonlyArray<number | null>>;
  try {
    seconds = protocol.seconds(answer);
  } catch (error) {
    throw new RouterFailed(url, "answered something else than a table", { cause: error });
  }
  if (seconds.length !== batch.sources.length || seconds.some((row) => row.length !== batch.targets.length)) {
    throw new RouterFailed(url, "answered a table of another size");
  }
  return seconds;
}
