import { day as dayOfDate, dayOf, daysOfMonth, HOUR, MINUTE, monthOf } from "#model";
import type { Month } from "#model";
import type { World, WorldClient, WorldVisit, WorldVisitVersion } from "#synthetic";
import type { Accusation } from "./oracle.ts";

interface Seen {
  visit: WorldVisit;
  head: WorldVisitVersion;
  start: number;
  end: number;
  client: WorldClient;
  provider: string;
}

function grouped<T>(list: Iterable<T>, keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}

/** Minutes of the time that any of them covers. */
function union(list: readonly Seen[]): number {
  let sum = 0;
  let until = -Infinity;
  for (const { start, end } of list.toSorted((a, b) => a.start - b.start)) {
    sum += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return sum / MINUTE;
}

/** What a plain reading of the catalogue says of human limits, journeys, tags and locks. */
export function limitAccusations(world: World): Accusation[] {
  const found: Accusation[] = [];
  const clients = new Map(world.clients.map((client) => [client.id, client]));
  const providerOf = new Map(world.units.map(({ id, providerId }) => [id, providerId]));
  const away = new Set(world.services.filter((one) => one.away === true).map(({ code }) => code));
  const silent = world.labels.filter(({ hours, planted }) => planted && hours !== undefined).map(({ hours }) => hours!);
  const heard = ({ start, end }: Seen) => silent.every(({ from, until }) => end < from || start > until);
  const seen: Seen[] = world.visits
    .flatMap((visit): Seen[] => {
      const head = visit.versions.at(-1)!;
      const { start, end } = head;
      if (head.deleted === true || end === null || end <= start || end - start > 25 * HOUR) return [];
      const client = clients.get(visit.clientId)!;
      return [{ visit, head, start, end, client, provider: providerOf.get(visit.unitId)! }];
    })
    .sort((a, b) => a.start - b.start);
  const done = seen.filter(({ head }) => head.status === "completed");
  const key = ({ visit }: Seen) => `visits ${visit.source} ${visit.id}`;
  const monthOfVisit = ({ start }: Seen): Month => monthOf(dayOf(start));
  const say = (rule: string, rows: readonly Seen[], more: Partial<Accusation> = {}) =>
    void found.push({ rule, records: rows.map(key), provider: rows[0]!.provider, detail: "", ...more });
  const overlap = (a: Seen, b: Seen) => Math.min(a.end, b.end) - Math.max(a.start, b.start);

  const metres = (a: WorldClient, b: WorldClient): number | null => {
    const [here, there] = [a.homes[0], b.homes[0]];
    if (here?.precision !== "exact" || there?.precision !== "exact") return null;
    const north = (here.latitude - there.latitude) * 111_320;
    const east = (here.longitude - there.longitude) * 111_320 * Math.cos((here.latitude * Math.PI) / 180);
    return Math.hypot(north, east);
  };
  const samePlace = (a: Seen, b: Seen) => {
    if (a.client.householdId === b.client.householdId) return true;
    if (a.client.homes[0] !== undefined && a.client.homes[0].buildingId === b.client.homes[0]?.buildingId) return true;
    return (metres(a.client, b.client) ?? Infinity) <= 60;
  };

  const full = new Set(
    world.contracts.filter(({ terms }) => terms["household"] === "full").map(({ providerId }) => providerId),
  );
  for (const group of grouped(done, ({ visit, start }) => `${visit.clientId} ${dayOf(start)}`).values()) {
    for (const one of group) {
      const others = group.filter(
        (other) =>
          other.visit.staffId !== one.visit.staffId &&
          other.head.services.some((code) => one.head.services.includes(code)),
      );
      if (one.visit.doubleStaffing !== true || !heard(one)) continue;
      const ordered = world.orders.some(
        ({ id, versions }) =>
          id === one.visit.orderId &&
          versions.at(-1)!.lines.some(({ service, staffing }) => staffing === 2 && one.head.services.includes(service)),
      );
      const partner = others.find(
        (other) => overlap(one, other) >= 0.8 * Math.max(one.end - one.start, other.end - other.start),
      );
      if (ordered && partner === undefined) say("double-staffing-incomplete", [one]);
      if (!ordered && partner !== undefined) say("double-staffing-not-ordered", [one, partner]);
    }
    const slots = group.every(({ visit }) => visit.doubleStaffing === true) ? 2 : 1;
    const minutes = group.reduce((sum, { start, end }) => sum + (end - start) / MINUTE, 0);
    if (minutes > 24 * 60 * slots) say("client-day-too-long", group);
  }

  for (const [name, group] of grouped(done, ({ visit, start }) => `${visit.staffId} ${dayOf(start)}`)) {
    const [staff = ""] = name.split(" ");
    for (const [index, one] of group.entries()) {
      for (const other of group.slice(index + 1)) {
        const shared = one.client !== other.client && one.client.householdId === other.client.householdId;
        const most = 0.8 * Math.min(one.end - one.start, other.end - other.start);
        if (shared && overlap(one, other) > most && !full.has(one.provider))
          say("household-full-time-twice", [one, other]);
      }
    }
    if (union(group) > 16 * 60) say("impossible-day", group);
    const other = group.filter((one, index) => {
      const before = group[index - 1];
      const change = before !== undefined && before.visit.deviceId !== one.visit.deviceId;
      // Each employer's own telephone is nothing strange.
      return change && before.provider === one.provider && one.start - before.end < 30 * MINUTE;
    });
    if (other.length > 0) say("shared-login", group);
    let chain: Seen[] = [];
    for (const one of group) {
      const before = chain.at(-1);
      const gap = before === undefined ? 0 : one.start - before.end;
      const apart = before !== undefined && !samePlace(before, one) && metres(before.client, one.client) !== null;
      chain = before !== undefined && apart && gap >= 0 && gap <= MINUTE ? [...chain, one] : [one];
      if (chain.length === 4) say("zero-gap-chain", chain, { staff });
    }
  }
  for (const group of grouped(done, ({ visit, start }) => `${visit.deviceId} ${dayOf(start)}`).values()) {
    if (new Set(group.map(({ visit }) => visit.staffId)).size > 2) say("shared-login", group);
  }

  const onCall = grouped(
    world.shifts.filter(({ kind }) => kind === "other"),
    ({ staffId }) => staffId,
  );
  const working = grouped(
    world.shifts.filter(({ kind }) => kind === "work"),
    ({ staffId }) => staffId,
  );
  for (const [staff, all] of grouped(done, ({ visit }) => visit.staffId)) {
    const group = all.filter(
      ({ start, end }) => !(onCall.get(staff) ?? []).some((shift) => shift.start <= start && shift.end >= end),
    );
    const short = new Map<Month, Seen[][]>();
    let until = -Infinity;
    let last: Seen | undefined;
    // A night's turn begins after noon and ends before it, a day's the other way round.
    const turns = working.get(staff) ?? [];
    const nights = turns.filter(({ start, end }) => dayOf(start) !== dayOf(end)).length;
    const turn = nights > 0.3 * turns.length ? 14 * HOUR : 4 * HOUR;
    for (const one of group) {
      const rest = (one.start - until) / HOUR;
      const other = last !== undefined && dayOf(one.start - turn) !== dayOf(last.start - turn);
      if (last !== undefined && other && rest < 11) {
        const month = monthOfVisit(last);
        short.set(month, [...(short.get(month) ?? []), [last, one]]);
        if (rest < 8) say("no-rest", [last, one]);
      }
      if (one.end > until) [until, last] = [one.end, one];
    }
    for (const rests of short.values()) if (rests.length > 3) say("no-rest", rests.flat());
    const days = [...new Set(all.map(({ start }) => dayOf(start)))].sort((a, b) => a - b);
    let run = 0;
    for (const [index, day] of days.entries()) {
      run = day - 1 === days[index - 1] ? run + 1 : 1;
      if (run === 29)
        say(
          "never-off",
          all.filter(({ start }) => dayOf(start) <= day && dayOf(start) > day - 29),
        );
    }
  }
  for (const [name, group] of grouped(done, (one) => `${one.visit.clientId} ${monthOfVisit(one)}`)) {
    const { first, last } = daysOfMonth(name.split(" ")[1]!);
    const hours = (list: readonly Seen[]) => list.reduce((sum, { start, end }) => sum + (end - start) / HOUR, 0);
    const most = Math.max(...[...grouped(group, ({ visit }) => visit.staffId).values()].map(hours));
    if (hours(group) / ((last - first + 1) / 7) > 40 && most > 0.9 * hours(group)) say("single-carer", group);
  }

  // Journeys.
  const journeys = new Map<string, { pairs: number; short: number; late: Seen[]; rows: Seen[] }>();
  const tagOwner = new Map(world.tags.map((tag) => [tag.id, tag]));
  for (const group of grouped(done, ({ visit, start }) => `${visit.staffId} ${dayOf(start)}`).values()) {
    for (const [index, one] of group.entries()) {
      const before = group[index - 1];
      const tag = tagOwner.get(one.head.startTag ?? "");
      const owner = tag === undefined ? undefined : clients.get(tag.clientId);
      if (owner !== undefined && owner.householdId !== one.client.householdId) say("tag-at-wrong-client", [one]);
      if (before === undefined || samePlace(before, one)) continue;
      const apart = metres(before.client, one.client);
      const gap = (one.start - before.end) / MINUTE;
      for (const subject of [`staff ${one.visit.staffId}`, `unit ${one.visit.unitId}`]) {
        const name = `${subject} ${monthOfVisit(one)}`;
        let sum = journeys.get(name);
        if (sum === undefined) journeys.set(name, (sum = { pairs: 0, short: 0, late: [], rows: [] }));
        if (gap <= -1) sum.late.push(before, one);
        if (apart === null) continue;
        sum.pairs++;
        sum.rows.push(one);
        if (gap < 0.5 * ((apart * 1.3) / 1167) - 3) sum.short++;
      }
      const moved =
        tag !== undefined && before.head.endTag !== undefined && apart !== null && apart > 2000 && gap >= 0 && gap <= 3;
      const replaced = tag !== undefined && dayOfDate(tag.from) === dayOf(one.start);
      if (moved && !replaced) say("moved-tag", [before, one]);
    }
  }
  for (const [name, { pairs, short, late, rows }] of journeys) {
    const [kind, id = "", month = ""] = name.split(" ");
    if (pairs >= 20 && short > 0.2 * pairs) {
      if (kind === "staff") say("missing-travel-time", rows);
      else found.push({ rule: "missing-travel-time", unit: id, month, records: [], detail: "" });
    }
    if (kind === "staff" && late.length >= 20) say("late-login-elsewhere", late);
  }
  for (const group of grouped(done, ({ visit }) => visit.clientId).values()) {
    const [first] = group;
    const home = first!.client.homes[0];
    if (home === undefined) continue;
    const off = ({ head: { startPosition } }: Seen) =>
      startPosition === undefined
        ? null
        : {
            north: (startPosition.latitude - home.latitude) * 111_320,
            east: (startPosition.longitude - home.longitude) * 111_320 * Math.cos((home.latitude * Math.PI) / 180),
          };
    const points = group.flatMap((one) => {
      const at = off(one);
      return at === null ? [] : [{ one, ...at }];
    });
    for (const { one, north, east } of points) {
      const far = Math.hypot(north, east) > 400 + 2 * one.head.startPosition!.accuracyMetres;
      const there = points.filter((point) => Math.hypot(point.north - north, point.east - east) < 100);
      const many = new Set(there.map((point) => point.one.visit.staffId)).size > 1;
      if (far && !many && !one.head.services.some((code) => away.has(code))) say("wrong-place", [one]);
    }
  }

  // Locks.
  const opened = grouped(
    world.lockEvents.filter(({ event }) => event === "opened"),
    ({ clientId }) => clientId,
  );
  for (const [clientId, events] of opened) {
    const visits = world.visits.filter((visit) => visit.clientId === clientId);
    for (const [month, group] of grouped(events, ({ at }) => monthOf(dayOf(at)))) {
      const loose = group.filter(
        ({ at, staffId }) =>
          staffId !== undefined &&
          visits.every(({ versions }) => {
            // A visit that nobody logged out of was one all the same.
            const { start, end, originalStart, originalEnd } = versions.at(-1)!;
            const last = Math.max(start, end ?? start, originalEnd ?? start);
            return at < Math.min(start, originalStart ?? start) - 15 * MINUTE || at > last + 15 * MINUTE;
          }),
      );
      if (loose.length > 0)
        found.push({ rule: "opening-without-visit", client: clientId, month, records: [], detail: "" });
    }
    for (const group of grouped(
      done.filter(({ visit }) => visit.clientId === clientId),
      monthOfVisit,
    ).values()) {
      const without = group.filter(
        ({ head, start }) => head.startProof !== "nfc" && events.every(({ at }) => Math.abs(at - start) > 5 * MINUTE),
      );
      if (group.length >= 10 && without.length > 0.25 * group.length) say("visit-without-opening", without);
    }
  }
  return found;
}
