/** Candidates between visits and plans: those of visit `i` are entries offsets[i]..offsets[i+1]. */
export interface Candidates {
  visits: number;
  plans: number;
  offsets: readonly number[];
  plan: readonly number[];
  /** Above 0, at most 1. */
  score: readonly number[];
}

/** Kept from one client to the next: to make so many small arrays would take longer than to use them. */
let work = workFor(0);

function workFor(size: number) {
  return {
    visitOf: new Int32Array(size),
    visitPrice: new Float64Array(size),
    planPrice: new Float64Array(size),
    // As every search for a path leaves these three.
    distance: new Float64Array(size).fill(Infinity),
    reachedFrom: new Int32Array(size).fill(-1),
    done: new Uint8Array(size),
    reached: new Int32Array(size),
  };
}

/**
 * The one-to-one assignment with the highest total score: the plan of each visit, or -1. Shortest augmenting paths
 * (Jonker and Volgenant) over the candidates only, so the work follows the size of each connected group.
 * A visit may go without a plan, at the price of its score.
 */
export function assign({ visits, plans, offsets, plan, score }: Candidates): Int32Array {
  if (work.done.length < Math.max(visits, plans)) work = workFor(2 * Math.max(visits, plans));
  const { visitOf, visitPrice, planPrice, distance, reachedFrom, done, reached } = work;
  const planOf = new Int32Array(visits).fill(-1);
  visitOf.fill(-1, 0, plans);
  visitPrice.fill(0, 0, visits);
  planPrice.fill(0, 0, plans);

  for (let first = 0; first < visits; first++) {
    let visit = first;
    let travelled = 0;
    let count = 0;
    // Where the shortest path ends: at a free plan, or at a visit that gives its plan away.
    let end = -1;
    let givesUp = -1;
    let shortest = Infinity;
    for (;;) {
      const alone = travelled + 1 - visitPrice[visit]!;
      if (alone < shortest) {
        shortest = alone;
        givesUp = visit;
        end = -1;
      }
      for (let entry = offsets[visit]!; entry < offsets[visit + 1]!; entry++) {
        const to = plan[entry]!;
        if (done[to] === 1) continue;
        const along = travelled + 1 - score[entry]! - visitPrice[visit]! - planPrice[to]!;
        if (along >= distance[to]!) continue;
        if (distance[to] === Infinity) reached[count++] = to;
        distance[to] = along;
        reachedFrom[to] = visit;
        if (visitOf[to] === -1 && along < shortest) {
          shortest = along;
          end = to;
          givesUp = -1;
        }
      }
      let next = -1;
      for (let at = 0; at < count; at++) {
        const to = reached[at]!;
        if (done[to] === 0 && visitOf[to] !== -1 && (next < 0 || distance[to]! < distance[next]!)) next = to;
      }
      if (next < 0 || distance[next]! >= shortest) break;
      done[next] = 1;
      travelled = distance[next]!;
      visit = visitOf[next]!;
    }
    visitPrice[first]! += shortest;
    for (let at = 0; at < count; at++) {
      const to = reached[at]!;
      if (done[to] === 1) {
        visitPrice[visitOf[to]!]! += shortest - distance[to]!;
        planPrice[to]! += distance[to]! - shortest;
      }
    }
    // Hand the plans along the path, from its end back to the visit that started it.
    let freed = end >= 0 ? end : planOf[givesUp]!;
    if (end < 0) planOf[givesUp] = -1;
    while (freed >= 0) {
      const taker = reachedFrom[freed]!;
      const before = planOf[taker]!;
      planOf[taker] = freed;
      visitOf[freed] = taker;
      freed = taker === first ? -1 : before;
    }
    for (let at = 0; at < count; at++) {
      const to = reached[at]!;
      distance[to] = Infinity;
      reachedFrom[to] = -1;
      done[to] = 0;
    }
  }
  return planOf;
}
