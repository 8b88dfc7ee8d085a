import { atMinute, day as dayOfDate, dayOf, daysOfMonth, HOUR, mondayOf, MINUTE, monthOf, weekdayOf } from "#model";
import type { Day, Month } from "#model";
import type { SystemId, World, WorldClient, WorldOrder, WorldPlan, WorldVisit, WorldVisitVersion } from "#synthetic";

/** What a plain reading of the rule catalogue says about a world, row by row and without any of the product's code. */
export interface Accusation {
  rule: string;
  client?: string;
  staff?: string;
  unit?: string;
  provider?: string;
  month?: Month;
  /** "visits lifecare 4100001" */
  records: string[];
  detail: string;
}

const reference = (entity: string, source: SystemId, id: string) => `${entity} ${source} ${id}`;

interface Seen {
  visit: WorldVisit;
  head: WorldVisitVersion;
  start: number;
  end: number;
  minutes: number;
  key: string;
  provider: string;
  law: string;
}

function grouped<T>(list: Iterable<T>, keyOf: (one: T) => string | null): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

export function occurrences(order: WorldOrder, month: Month): number {
  const { first, last } = daysOfMonth(month);
  const { validFrom, validTo, lines } = order.versions.at(-1)!;
  const begins = dayOfDate(validFrom);
  const from = Math.max(first, begins);
  const through = Math.min(last, validTo === undefined ? last : dayOfDate(validTo));
  let minutes = 0;
  for (const line of lines) {
    const each = line.minutes * line.times * (line.staffing ?? 1);
    if (through < from) continue;
    if (line.per === "once") minutes += begins >= first && begins <= last ? each : 0;
    else if (line.per === "month") minutes += (each * (through - from + 1)) / (last - first + 1);
    else {
      for (let day: Day = from; day <= through; day++) {
        const listed = line.weekdays === undefined || line.weekdays.includes(weekdayOf(day));
        const week = (mondayOf(day) - mondayOf(begins)) / 7;
        if (listed && (line.per !== "fortnight" || week % 2 === 0)) minutes += each;
      }
    }
  }
  return Math.round(minutes);
}

export function accusations(world: World): Accusation[] {
  const found: Accusation[] = [];
  const providerOf = new Map(world.units.map(({ id, providerId }) => [id, providerId]));
  const clients = new Map(world.clients.map((client) => [client.id, client]));
  const service = new Map(world.services.map((one) => [one.code, one]));
  const providers = new Set(world.providers.map(({ id }) => id));

  // Merged: the same visit from two sources.
  const all: Seen[] = [];
  for (const visit of world.visits) {
    const head = visit.versions.at(-1)!;
    if (head.deleted === true) continue;
    const end = head.end ?? Number.NaN;
    all.push({
      visit,
      head,
      start: head.start,
      end,
      minutes: (end - head.start) / MINUTE,
      key: reference("visits", visit.source, visit.id),
      provider: providerOf.get(visit.unitId)!,
      law: service.get(head.services[0] ?? "")?.law ?? "SoL",
    });
  }
  all.sort((a, b) => a.start - b.start);
  const say = (rule: string, rows: Seen[], detail: string, more: Partial<Accusation> = {}) => {
    const [first] = rows;
    found.push({
      rule,
      records: rows.map(({ key }) => key),
      detail,
      ...(first !== undefined && {
        client: first.visit.clientId,
        staff: first.visit.staffId,
        provider: first.provider,
      }),
      ...more,
    });
  };
  const merged = new Set<Seen>();
  for (const group of grouped(all, ({ visit }) => `${visit.clientId} ${visit.staffId}`).values()) {
    for (const [index, one] of group.entries()) {
      const before = group[index - 1];
      if (before === undefined || one.start - before.start > 5 * MINUTE) continue;
      if (one.visit.source !== before.visit.source) merged.add(one);
      else if (one.start - before.start <= 2 * MINUTE) say("duplicate-visit", [before, one], "");
    }
  }
  const rows = all.filter((one) => !merged.has(one));

  for (const one of rows) {
    const { head, visit, minutes } = one;
    if (head.status === "started" || head.end === null) say("missing-end", [one], "");
    else if (minutes <= 0) say("end-before-start", [one], "");
    else if (minutes > 12 * 60 && !head.services.includes("nattvak")) say("overlong-visit", [one], String(minutes));
    if (visit.source !== "lifecare" && visit.versions[0]!.at - (visit.versions[0]!.end ?? head.start) > 24 * HOUR) {
      say("late-registration", [one], "");
    }
    const original = (head.originalEnd ?? one.end) - (head.originalStart ?? one.start);
    if (one.end - one.start - original > 5 * MINUTE)
      say("lengthened-afterwards", [one], String(one.end - one.start - original));
    const client = clients.get(visit.clientId)!;
    if (client.ids.files === undefined) say("unknown-client", [one], "");
    if (!world.staff.find(({ id }) => id === visit.staffId)!.employments.some(({ ids }) => ids.files !== undefined)) {
      say("unknown-staff", [one], "");
    }
    if (head.services.some((code) => !service.has(code))) say("unmapped-code", [one], "");
  }
  for (const group of grouped(rows, ({ visit, start }) =>
    visit.source === "lifecare" ? null : `${visit.staffId} ${dayOf(start)}`,
  ).values()) {
    const late = group.filter(
      ({ visit, head, end }) => head.startProof === "manual" && visit.versions[0]!.at - end >= 24 * HOUR,
    );
    const at = late.map(({ visit }) => visit.versions[0]!.at).sort((a, b) => a - b);
    if (at.some((first, index) => (at[index + 4] ?? Infinity) - first <= 10 * MINUTE))
      say("batch-registration", late, "");
  }

  const usable = rows.filter(({ minutes }) => minutes > 0 && minutes <= 25 * 60);
  const done = usable.filter(({ head }) => head.status === "completed");

  // Orders.
  const ordersOf = grouped(world.orders, ({ clientId }) => clientId);
  for (const one of done) {
    const day = dayOf(one.start);
    const orders = (ordersOf.get(one.visit.clientId) ?? []).filter(
      ({ unitId }) => providerOf.get(unitId) === one.provider,
    );
    if (one.head.services.includes("larm")) continue;
    const valid = orders.some(({ versions }) => {
      const { validFrom, validTo } = versions.at(-1)!;
      return dayOfDate(validFrom) <= day && (validTo === undefined || dayOfDate(validTo) >= day);
    });
    const soon = orders.some(({ orderedAt }) => {
      let weekdays = 0;
      for (let next = day + 1; next <= dayOf(orderedAt); next++) if (weekdayOf(next) <= 5) weekdays++;
      return dayOf(orderedAt) >= day && weekdays <= 3;
    });
    if (!valid && !soon) say("visit-without-order", [one], "");
  }
  for (const [key, group] of grouped(done, ({ visit, start }) => `${visit.clientId} ${monthOf(dayOf(start))}`)) {
    const [clientId = "", month = ""] = key.split(" ");
    const granted = (ordersOf.get(clientId) ?? []).reduce((sum, order) => sum + occurrences(order, month), 0);
    const registered = group.reduce((sum, { minutes }) => sum + minutes, 0);
    if (registered > granted * 1.05)
      say("over-granted", group, `${registered} of ${granted}`, { client: clientId, month });
  }

  // Plans: one to one, nearest first.
  const visitsOf = grouped(rows, ({ visit }) => visit.clientId);
  const plansOf = grouped(world.plans, ({ clientId }) => clientId);
  const frozen = (plan: WorldPlan) => {
    const { start } = plan.versions[0]!;
    return plan.versions.filter(({ at }) => at <= start).at(-1) ?? plan.versions[0]!;
  };
  const lapsed = matchAll(world, rows, plansOf, visitsOf, frozen);
  for (const { plan, others } of lapsed.plans) {
    const { start, end, cancelled } = frozen(plan);
    const absent = world.absences.some(
      (stay) => stay.clientId === plan.clientId && stay.from < end && start < (stay.to ?? Infinity),
    );
    const client = clients.get(plan.clientId)!;
    const unit = world.units.find(({ id }) => id === plan.unitId)!;
    const joined =
      plan.source !== "carefox" ||
      world.aliases.some((one) => one.source === "carefox" && one.kind === "client" && one.id === client.ids.carefox);
    const silent = world.labels.some(
      ({ rule, planted, source, hours }) =>
        rule === "source-silent" &&
        planted &&
        source === unit.visitsIn &&
        hours !== undefined &&
        start < hours.until &&
        end > hours.from,
    );
    if (
      cancelled === true ||
      absent ||
      !joined ||
      silent ||
      others.some((one) => Math.abs(one.start - start) <= 120 * MINUTE)
    )
      continue;
    found.push({
      rule: "missed-visit",
      client: plan.clientId,
      provider: providerOf.get(plan.unitId)!,
      records: [reference("planned-visits", plan.source, plan.id)],
      detail: "",
    });
  }
  for (const one of lapsed.visits) {
    if (one.head.services.includes("larm") || one.head.status !== "completed") continue;
    const client = clients.get(one.visit.clientId)!;
    const joined = (plansOf.get(one.visit.clientId) ?? []).filter(
      ({ source }) =>
        source !== "carefox" ||
        world.aliases.some(
          (alias) => alias.source === "carefox" && alias.kind === "client" && alias.id === client.ids.carefox,
        ),
    );
    if (joined.length > 0) say("unplanned-visit", [one], "");
  }

  // Claims.
  const claimNet = new Map(world.claims.map((claim) => [claim.id, claim.minutes]));
  for (const { kind, correctsId, minutes } of world.claims) {
    if (kind === "credit" && correctsId !== undefined) claimNet.set(correctsId, claimNet.get(correctsId)! - minutes);
  }
  const paysAbsence = new Set(
    world.contracts.filter(({ terms }) => terms["absence"] !== undefined).map(({ providerId }) => providerId),
  );
  const days = new Set(
    rows.flatMap(({ visit, head, start }) => head.services.map((code) => `${visit.clientId} ${code} ${dayOf(start)}`)),
  );
  for (const claim of world.claims) {
    if (claim.kind === "credit" || (claim.unit === undefined && claimNet.get(claim.id) === 0)) continue;
    // By the month or the piece, whatever was done at the client's.
    if (claim.unit !== undefined) continue;
    // Days of an absence that the contract pays.
    const paidAbsence = world.absences.some(
      (stay) =>
        stay.clientId === claim.clientId &&
        !stay.planned &&
        stay.from <= atMinute(dayOfDate(claim.from), 1320) &&
        (stay.to ?? Infinity) >= atMinute(dayOfDate(claim.from), 420) &&
        paysAbsence.has(claim.providerId),
    );
    if (paidAbsence && claim.from === claim.to) continue;
    const from = dayOfDate(claim.from);
    const through = dayOfDate(claim.to);
    const order = world.orders.find(({ id }) => id === claim.orderId)!;
    const line = order.versions.at(-1)!.lines.find(({ service: code }) => code === claim.service);
    const empty: Day[] = [];
    for (let day = from; day <= through; day++) {
      const expected = through === from || line?.weekdays === undefined || line.weekdays.includes(weekdayOf(day));
      if (expected && !days.has(`${claim.clientId} ${claim.service} ${day}`)) empty.push(day);
    }
    const some = Array.from({ length: through - from + 1 }, (_, index) => from + index).some((day) =>
      days.has(`${claim.clientId} ${claim.service} ${day}`),
    );
    const rule = !some ? "claim-without-visit" : empty.length > 0 ? "claim-span-gap" : null;
    if (rule === null) continue;
    found.push({
      rule,
      client: claim.clientId,
      provider: claim.providerId,
      records: [reference("claims", "files", claim.id)],
      detail: `${claim.from}..${claim.to}`,
    });
  }

  // Overlaps and journeys.
  const homes = (client: WorldClient) => client.homes[0];
  const metres = (a: WorldClient, b: WorldClient): number | null => {
    const [here, there] = [homes(a), homes(b)];
    if (here === undefined || there === undefined) return null;
    const north = (here.latitude - there.latitude) * 111_320;
    const east = (here.longitude - there.longitude) * 111_320 * Math.cos((here.latitude * Math.PI) / 180);
    return Math.hypot(north, east);
  };
  const exact = (client: WorldClient) => homes(client)?.precision === "exact";
  const samePlace = (a: Seen, b: Seen) => {
    const [one, other] = [clients.get(a.visit.clientId)!, clients.get(b.visit.clientId)!];
    if (one.householdId === other.householdId) return true;
    if (a.visit.groupCode !== undefined && a.visit.groupCode === b.visit.groupCode) return true;
    if (homes(one) !== undefined && homes(one)?.buildingId === homes(other)?.buildingId) return true;
    return exact(one) && exact(other) && metres(one, other)! <= 60;
  };
  const proven = ({ head }: Seen) =>
    ![head.startProof, head.endProof].some((proof) => proof === "manual" || proof === "none");
  for (const group of grouped(usable, ({ visit }) => visit.staffId).values()) {
    const longest: Seen[] = [];
    for (const one of group) {
      for (const before of longest.filter(({ end }) => end > one.start)) {
        const overlap = Math.min(before.end, one.end) - one.start;
        if (samePlace(before, one)) continue;
        const across = before.provider !== one.provider;
        if (across ? overlap >= 5 * MINUTE : overlap >= 8 * MINUTE) {
          say(across ? "staff-overlap-across-providers" : "staff-overlap", [before, one], `${overlap / MINUTE} min`);
        }
      }
      const before = longest.at(-1);
      if (before !== undefined && before.end <= one.start && !samePlace(before, one)) {
        const [a, b] = [clients.get(before.visit.clientId)!, clients.get(one.visit.clientId)!];
        const far = metres(a, b);
        const speed = far === null ? 0 : far / 1000 / ((one.start - before.end) / HOUR);
        if (far !== null && far > 1000 && speed > 110 && exact(a) && exact(b) && proven(before) && proven(one)) {
          say("impossible-journey", [before, one], `${Math.round(far)} m at ${Math.round(speed)} km/h`);
        }
      }
      longest.push(one);
      if (longest.length > 6) longest.shift();
    }
  }
  for (const [clientId, group] of grouped(usable, ({ visit }) => visit.clientId)) {
    for (const [index, one] of group.entries()) {
      for (const before of group.slice(Math.max(0, index - 5), index)) {
        const overlap = Math.min(before.end, one.end) - one.start;
        if (overlap <= 10 * MINUTE || before.visit.staffId === one.visit.staffId || before.law !== one.law) continue;
        const day = dayOf(one.start);
        const double = (ordersOf.get(clientId) ?? []).some(({ versions }) => {
          const { validFrom, validTo, lines } = versions.at(-1)!;
          const valid = dayOfDate(validFrom) <= day && (validTo === undefined || dayOfDate(validTo) >= day);
          return (
            valid && lines.some(({ service: code, staffing }) => staffing === 2 && one.head.services.includes(code))
          );
        });
        if (!double) say("client-overlap", [before, one], `${overlap / MINUTE} min`);
      }
    }
  }

  // Status.
  for (const stay of world.absences) {
    for (const one of visitsOf.get(stay.clientId) ?? []) {
      if (one.head.status !== "completed" || !(one.minutes > 0)) continue;
      const to = stay.to ?? Infinity;
      const boundary = dayOf(one.start) === dayOf(stay.from) || dayOf(one.end) === dayOf(to);
      const inside = Math.min(one.end, to) - Math.max(one.start, stay.from);
      const hit = boundary ? inside > 60 * MINUTE : one.start >= stay.from && one.end <= to;
      if (!hit) continue;
      say(stay.kind === "hospital" ? "visit-during-hospital-stay" : "visit-during-absence", [one], stay.id);
    }
  }
  for (const one of done) {
    const { deceasedOn } = clients.get(one.visit.clientId)!;
    if (deceasedOn !== undefined && dayOf(one.start) > dayOfDate(deceasedOn) + 1) say("visit-after-death", [one], "");
  }

  // Manual.
  const subjects = [
    ["staff", ({ visit }: Seen) => visit.staffId],
    ["client", ({ visit }: Seen) => visit.clientId],
    ["provider", ({ provider }: Seen) => provider],
  ] as const;
  for (const [name, subject] of subjects) {
    for (const [key, group] of grouped(done, (one) => `${subject(one)} ${monthOf(dayOf(one.start))}`)) {
      const share = group.filter(proven).length / group.length;
      const [id = "", month = ""] = key.split(" ");
      if (group.length < 30 || share >= 0.8) continue;
      found.push({
        rule: "manual-share",
        [name]: id,
        month,
        records: [],
        detail: `${Math.round(share * 100)} % of ${group.length}`,
      });
    }
  }
  if (providers.size === 0) throw new Error("A world without providers proves nothing.");
  return found;
}

function matchAll(
  world: World,
  rows: Seen[],
  plansOf: Map<string, WorldPlan[]>,
  visitsOf: Map<string, Seen[]>,
  frozen: (plan: WorldPlan) => WorldPlan["versions"][number],
) {
  const matchedPlans = new Set<WorldPlan>();
  const matchedVisits = new Set<Seen>();
  for (const [clientId, plans] of plansOf) {
    const visits = visitsOf.get(clientId) ?? [];
    const pairs: Array<{ plan: WorldPlan; one: Seen; cost: number }> = [];
    for (const plan of plans) {
      const { start, staffId, cancelled } = frozen(plan);
      if (cancelled === true) continue;
      for (const one of visits) {
        const apart = Math.abs(one.start - start);
        if (apart > 120 * MINUTE) continue;
        const named = one.visit.plannedVisitId === plan.id && one.visit.source === plan.source;
        const sameService = frozen(plan).services.some((code) => one.head.services.includes(code));
        pairs.push({
          plan,
          one,
          cost: named
            ? -1e12
            : apart - (staffId === one.visit.staffId ? 20 * MINUTE : 0) - (sameService ? 20 * MINUTE : 0),
        });
      }
    }
    for (const { plan, one } of pairs.sort((a, b) => a.cost - b.cost)) {
      if (matchedPlans.has(plan) || matchedVisits.has(one)) continue;
      matchedPlans.add(plan);
      matchedVisits.add(one);
    }
  }
  // Continuations: the same person back within a quarter of an hour.
  for (const visits of visitsOf.values()) {
    for (const [index, one] of visits.entries()) {
      const before = visits[index - 1];
      if (matchedVisits.has(one) || before === undefined || !matchedVisits.has(before)) continue;
      if (before.visit.staffId === one.visit.staffId && one.start - before.end <= 15 * MINUTE) matchedVisits.add(one);
    }
  }
  return {
    plans: world.plans
      .filter((plan) => !matchedPlans.has(plan))
      .map((plan) => ({ plan, others: (visitsOf.get(plan.clientId) ?? []).filter((one) => !matchedVisits.has(one)) })),
    visits: rows.filter((one) => !matchedVisits.has(one)),
  };
}
