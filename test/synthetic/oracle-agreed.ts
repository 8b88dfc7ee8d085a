import {
  addWorkingDays,
  atMinute,
  day as dayOfDate,
  dayOf,
  daysOfMonth,
  HOUR,
  MINUTE,
  minuteOfDay,
  monthOf,
  weekdayOf,
} from "#model";
import type { Day, Month } from "#model";
import type {
  World,
  WorldClaim,
  WorldContract,
  WorldOrder,
  WorldPlan,
  WorldVisit,
  WorldVisitVersion,
} from "#synthetic";
import { type Accusation, occurrences } from "./oracle.ts";

/** What is agreed, ordered, billed, corrected and worked, read plainly from the world. */
interface Seen {
  visit: WorldVisit;
  head: WorldVisitVersion;
  day: Day;
  month: Month;
  minutes: number;
  provider: string;
  key: string;
  plan: WorldPlan | null;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const frozen = (plan: WorldPlan, start: number) =>
  plan.versions.filter(({ at }) => at <= start).at(-1) ?? plan.versions[0]!;
const lengthOf = ({ start, end }: { start: number; end: number }) => (end - start) / MINUTE;

export function agreedAccusations(world: World): Accusation[] {
  const found: Accusation[] = [];
  const providerOf = new Map(world.units.map(({ id, providerId }) => [id, providerId]));
  const clients = new Map(world.clients.map((client) => [client.id, client]));
  const services = new Set(world.services.map(({ code }) => code));
  const contracts = new Map(world.contracts.map((contract) => [contract.providerId, contract]));
  const joined = new Set(
    world.aliases.filter(({ kind, source }) => kind === "client" && source === "carefox").map(({ id }) => id),
  );
  const first = dayOfDate(world.from);
  const last = dayOfDate(world.through);
  const months = [...new Set(Array.from({ length: last - first + 1 }, (_, index) => monthOf(first + index)))];
  const cutOff = (month: Month) => atMinute(addWorkingDays(daysOfMonth(month).last, 3), 720);

  // Who came, and what for.
  const plansOf = Map.groupBy(world.plans, ({ clientId }) => clientId);
  const plansById = new Map(world.plans.map((plan) => [`${plan.source} ${plan.id}`, plan]));
  const all: Seen[] = [];
  for (const visit of world.visits) {
    const head = visit.versions.at(-1)!;
    if (head.deleted === true || head.end === null || head.end <= head.start || head.end - head.start > 25 * HOUR)
      continue;
    const day = dayOf(head.start);
    const key = `visits ${visit.source} ${visit.id}`;
    const provider = providerOf.get(visit.unitId)!;
    all.push({
      visit,
      head,
      day,
      month: monthOf(day),
      minutes: (head.end - head.start) / MINUTE,
      provider,
      key,
      plan: null,
    });
  }
  all.sort((a, b) => a.head.start - b.head.start);
  const visitsOf = Map.groupBy(all, ({ visit }) => visit.clientId);
  const taken = new Set<WorldPlan>();
  for (const [clientId, visits] of visitsOf) {
    for (const one of visits) {
      const named = plansById.get(`${one.visit.source} ${one.visit.plannedVisitId ?? ""}`);
      if (named !== undefined) {
        one.plan = named;
        taken.add(named);
      }
    }
    const pairs = visits
      .filter(({ plan }) => plan === null)
      .flatMap((one) =>
        (plansOf.get(clientId) ?? []).flatMap((plan) => {
          if (Math.abs(plan.versions[0]!.start - one.head.start) > 12 * HOUR) return [];
          const { start, staffId, services: codes, cancelled } = frozen(plan, one.head.start);
          const apart = Math.abs(start - one.head.start);
          if (taken.has(plan) || cancelled === true || apart > 2 * HOUR) return [];
          const alike =
            (staffId === one.visit.staffId ? 30 : 0) +
            (codes.some((code) => one.head.services.includes(code)) ? 90 : 0);
          return [{ plan, one, cost: apart - alike * MINUTE }];
        }),
      );
    for (const { plan, one } of pairs.sort((a, b) => a.cost - b.cost)) {
      if (one.plan !== null || taken.has(plan)) continue;
      one.plan = plan;
      taken.add(plan);
    }
  }
  const untaken = Map.groupBy(
    world.plans.filter((plan) => !taken.has(plan)),
    ({ clientId }) => clientId,
  );
  const done = all.filter(({ head }) => head.status === "completed");
  const say = (rule: string, rows: readonly Seen[], more: Partial<Accusation> = {}) => {
    const [one] = rows;
    found.push({
      rule,
      records: rows.map(({ key }) => key),
      detail: "",
      ...(one !== undefined && { client: one.visit.clientId, staff: one.visit.staffId, provider: one.provider }),
      ...more,
    });
  };
  const month = (rule: string, id: Partial<Accusation>, when: Month, detail = "") =>
    found.push({ rule, records: [], month: when, detail, ...id });

  // What is ordered.
  const ordersOf = Map.groupBy(world.orders, ({ clientId }) => clientId);
  const decisions = new Map(world.decisions.map((decision) => [`${decision.source} ${decision.id}`, decision]));
  const within = (from: string, to: string | undefined, day: Day) =>
    dayOfDate(from) <= day && (to === undefined || day <= dayOfDate(to));
  const valid = ({ versions }: WorldOrder, day: Day) =>
    within(versions.at(-1)!.validFrom, versions.at(-1)!.validTo, day);
  const decided = (order: WorldOrder, day: Day) => {
    const decision = decisions.get(`${order.source} ${order.decisionId}`)!;
    return within(decision.validFrom, decision.validTo, day);
  };
  for (const one of done) {
    const orders = (ordersOf.get(one.visit.clientId) ?? []).filter(
      (order) => providerOf.get(order.unitId) === one.provider && valid(order, one.day),
    );
    if (orders.length === 0 || one.head.services.includes("larm")) continue;
    const lines = new Set(orders.flatMap(({ versions }) => versions.at(-1)!.lines.map(({ service }) => service)));
    if (one.head.services.every((code) => services.has(code) && !lines.has(code))) say("service-not-ordered", [one]);
    if (!orders.some((order) => decided(order, one.day))) say("execution-after-decision", [one]);
  }
  const staysOf = Map.groupBy(world.absences, ({ clientId }) => clientId);
  for (const [clientId, orders] of ordersOf) {
    const visits = visitsOf.get(clientId) ?? [];
    const stays = staysOf.get(clientId) ?? [];
    for (const when of months) {
      const granted = orders.reduce((sum, order) => sum + occurrences(order, when), 0);
      const { first: from, last: through } = daysOfMonth(when);
      let given = 0;
      for (const one of visits) {
        if (one.month !== when) continue;
        if (one.head.status === "completed") given += one.minutes;
        else if (one.head.status === "declined" && one.plan !== null) given += lengthOf(one.plan.versions.at(-1)!);
      }
      for (let day = from; day <= through; day++) {
        if (stays.some((stay) => stay.from < atMinute(day, 1200) && (stay.to ?? Infinity) > atMinute(day, 600)))
          given += orders
            .filter((order) => valid(order, day))
            .reduce((sum, order) => sum + occurrences(order, when) / (through - from + 1), 0);
      }
      if (granted > 0 && from >= first && through <= last && given < 0.7 * granted)
        month("under-delivered", { client: clientId }, when, `${Math.round(given)} of ${granted}`);
    }
    for (const order of orders) {
      const { validTo, lines } = order.versions.at(-1)!;
      const follows = orders.filter(
        (other) =>
          validTo !== undefined &&
          other.unitId === order.unitId &&
          dayOfDate(other.versions[0]!.validFrom) === dayOfDate(validTo) + 1,
      );
      const [next] = follows;
      if (next === undefined) continue;
      const nextLines = follows.flatMap(({ versions }) => versions.at(-1)!.lines);
      const from = dayOfDate(next.versions[0]!.validFrom) + 6;
      const planned = (plansOf.get(clientId) ?? []).filter(({ versions, unitId }) => {
        const { start, cancelled } = versions.at(-1)!;
        return unitId === order.unitId && cancelled !== true && dayOf(start) >= from && dayOf(start) < from + 21;
      });
      const minutes = planned.reduce((sum, { versions }) => sum + lengthOf(versions.at(-1)!), 0);
      const perDay = (some: typeof lines) =>
        some.reduce(
          (sum, line) =>
            sum +
            (line.minutes *
              line.times *
              (line.staffing ?? 1) *
              (line.per === "day"
                ? (line.weekdays?.length ?? 7)
                : (line.weekdays?.length ?? 1) / (line.per === "week" ? 1 : line.per === "fortnight" ? 2 : 4))) /
              7,
          0,
        );
      const days = Math.min(21, last - from + 1);
      if (days > 6 && minutes > 1.5 * days * perDay(nextLines) && minutes > 0.5 * days * perDay(lines))
        found.push({
          rule: "order-change-ignored",
          client: clientId,
          records: [`orders ${next.source} ${next.id}`],
          detail: String(minutes),
        });
    }
    for (const order of orders) {
      const decision = decisions.get(`${order.source} ${order.decisionId}`)!;
      const old = last - dayOfDate(decision.decidedOn) >= 89 && last - first >= 89;
      if (old && valid(order, last) && visits.every(({ visit }) => visit.unitId !== order.unitId))
        found.push({
          rule: "decision-not-executed",
          client: clientId,
          records: [`orders ${order.source} ${order.id}`],
          detail: "",
        });
      const accepted = order.versions.find(({ acceptedAt }) => acceptedAt !== undefined)?.acceptedAt;
      if (order.source !== "combine" || accepted === undefined) continue;
      let hours = 0;
      for (let at = order.orderedAt; at < accepted; at += HOUR) {
        if (weekdayOf(dayOf(at)) <= 5) hours++;
      }
      if (hours > 48)
        found.push({
          rule: "order-not-confirmed",
          client: clientId,
          records: [`orders combine ${order.id}`],
          detail: `${hours} h`,
        });
    }
  }
  for (const provider of world.providers) {
    const units = new Set(world.units.filter(({ providerId }) => providerId === provider.id).map(({ id }) => id));
    const orders = world.orders.filter(({ unitId }) => units.has(unitId));
    const shares = months.map((when) => {
      const granted = orders.reduce((sum, order) => sum + occurrences(order, when), 0);
      return (
        done
          .filter((one) => one.provider === provider.id && one.month === when)
          .reduce((sum, { minutes }) => sum + minutes, 0) / granted
      );
    });
    if (months.length >= 3 && Math.min(...shares) >= 0.98 && Math.max(...shares) - Math.min(...shares) < 0.02)
      found.push({ rule: "full-utilisation", provider: provider.id, records: [], detail: shares.join(" ") });
  }

  // What was planned.
  const byPair = Map.groupBy(done, ({ visit }) => `${visit.clientId} ${visit.staffId}`);
  for (const one of done) {
    if (one.plan === null) continue;
    const plan = frozen(one.plan, one.head.start);
    const planned = lengthOf(plan);
    const near = byPair.get(`${one.visit.clientId} ${one.visit.staffId}`)!;
    const staff = near.filter((other) => Math.abs(other.head.start - one.head.start) < HOUR);
    const together = staff.reduce((sum, { minutes }) => sum + minutes, 0);
    const alike = plan.services.some((code) => one.head.services.includes(code));
    if (alike && together < planned / 2 && planned - together >= 10 && one.head.editReason === undefined)
      say("short-visit", [one]);
    if (one.minutes > planned + Math.max(10, planned / 5) && one.head.approved !== true) say("long-visit", [one]);
    if (one.head.start > plan.end + HOUR) say("late-start", [one]);
    const after = one.plan.versions.filter(({ at }) => at > one.head.start);
    if (after.some(({ start, end }) => start !== plan.start || end !== plan.end)) {
      say("plan-rewritten", [one], { records: [one.key, `planned-visits ${one.plan.source} ${one.plan.id}`] });
    }
    const others = (untaken.get(one.visit.clientId) ?? []).filter((other) => {
      const { start, services: codes, cancelled } = other.versions.at(-1)!;
      const near = Math.abs(start - plan.start) > 2 * HOUR && dayOf(start) === one.day;
      return (
        other !== one.plan &&
        cancelled !== true &&
        near &&
        one.head.services.length > plan.services.length &&
        codes.every((code) => one.head.services.includes(code))
      );
    });
    if (others.some((other) => one.minutes >= 0.8 * (planned + lengthOf(other.versions.at(-1)!))))
      say("merged-visits", [one]);
  }
  for (const [name, of] of [
    ["staff", ({ visit }: Seen) => visit.staffId],
    ["provider", ({ provider }: Seen) => provider],
  ] as const) {
    const known = done.filter(
      ({ plan, visit }) =>
        plan !== null && (plan.source !== "carefox" || joined.has(clients.get(visit.clientId)!.ids.carefox ?? "")),
    );
    for (const [key, group] of Map.groupBy(known, (one) => `${of(one)} ${one.month}`)) {
      const copied = group.filter((one) => {
        const { start, end } = frozen(one.plan!, one.head.start);
        return Math.abs(start - one.head.start) <= MINUTE && Math.abs(end - one.head.end!) <= MINUTE;
      });
      const [id = "", when = ""] = key.split(" ");
      if (group.length >= 30 && copied.length > 0.6 * group.length)
        month("copied-plan", { [name]: id }, when, `${copied.length} of ${group.length}`);
    }
  }

  // What was corrected.
  const isEdit = ({ head }: Seen) => head.originalEnd !== undefined || head.originalStart !== undefined;
  const edits = all.filter(isEdit);
  const longer = ({ head, minutes }: Seen) =>
    minutes - ((head.originalEnd ?? head.end!) - (head.originalStart ?? head.start)) / MINUTE;
  const reasonRequired = (provider: string) =>
    (contracts.get(provider)!.terms["manual"] as { reasonRequired?: boolean }).reasonRequired === true;
  for (const [key, group] of Map.groupBy(done, (one) => `${one.visit.unitId} ${one.month}`)) {
    const [unit = "", when = ""] = key.split(" ");
    const provider = providerOf.get(unit)!;
    const own = group.filter(isEdit);
    const more = own.map(longer).filter((minutes) => minutes > 0);
    const whole = group.reduce((sum, { minutes }) => sum + minutes, 0);
    const grown = more.reduce((sum, one) => sum + one, 0);
    if (grown > 0.02 * whole) month("lengthened-afterwards", { unit, provider }, when, `${grown} of ${whole}`);
    const late = own.filter(({ head }) => head.at > cutOff(when) - 48 * HOUR && head.at <= cutOff(when));
    if (own.length >= 15 && late.length > 0.4 * own.length)
      month("edit-burst-before-cut-off", { unit, provider }, when, `${late.length} of ${own.length}`);
    const editors = Map.groupBy(
      own.filter((one) => longer(one) > 0),
      ({ head }) => head.editedBy,
    );
    const [who, mine = []] = [...editors].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
    const most = mine.length;
    if (more.length >= 20 && most > 0.6 * more.length && group[0]!.visit.source !== "lifecare")
      month(
        "editor-concentration",
        { unit, provider, ...(who !== undefined && { staff: who }) },
        when,
        `${most} of ${more.length}`,
      );
  }
  for (const [key, group] of Map.groupBy(edits, (one) => `${one.provider} ${one.month}`)) {
    const [provider = "", when = ""] = key.split(" ");
    const same = group.filter(({ plan, head }) => plan !== null && plan.versions.at(-1)!.end === head.end);
    if (group.length >= 10 && same.length > 0.3 * group.length)
      month("edited-to-plan", { provider }, when, `${same.length} of ${group.length}`);
  }
  for (const one of done) {
    const byHand = one.head.startProof === "manual" || one.head.endProof === "manual";
    if (
      byHand &&
      one.visit.source !== "lifecare" &&
      reasonRequired(one.provider) &&
      (one.head.editReason ?? "").length < 5
    )
      say("edit-without-reason", [one]);
  }
  for (const one of edits) if (one.head.at > cutOff(one.month)) say("edit-after-cut-off", [one]);
  for (const when of months) {
    const shares = world.providers.map(({ id }) => {
      const own = all.filter((one) => one.provider === id && one.month === when);
      return [id, own.filter(({ head }) => head.status === "declined").length / own.length] as const;
    });
    const usual = median(shares.map(([, share]) => share));
    for (const [provider, share] of shares)
      if (share > 2.5 * usual) month("declined-pattern", { provider }, when, `${share} of ${usual}`);
  }

  // Who was at work.
  const shiftsOf = Map.groupBy(world.shifts, ({ staffId }) => staffId);
  const staff = new Map(world.staff.map((person) => [person.id, person]));
  const living = Map.groupBy(world.clients, ({ homes }) => homes[0]?.buildingId ?? "");
  for (const one of done) {
    const { movedOn } = clients.get(one.visit.clientId)!;
    if (movedOn !== undefined && one.day > dayOfDate(movedOn)) say("visit-after-move", [one]);
    const person = staff.get(one.visit.staffId)!;
    const employed = person.employments.some(
      ({ from, to, providerId }) =>
        providerId === one.provider &&
        one.day >= dayOfDate(from) - 7 &&
        (to === undefined || one.day <= dayOfDate(to) + 7),
    );
    if (!employed && person.employments.some(({ ids }) => ids.files !== undefined)) say("staff-not-employed", [one]);
    const shifts = shiftsOf.get(one.visit.staffId) ?? [];
    const middle = (one.head.start + one.head.end!) / 2;
    const inside = shifts.filter(({ start, end }) => start <= middle && middle <= end);
    if (!inside.some(({ kind }) => kind === "work" || kind === "other") && one.minutes < 11 * 60)
      say("off-shift-visit", [one]);
    if (inside.length > 0 && inside.every(({ kind }) => kind === "sick" || kind === "leave"))
      say("visit-during-leave", [one]);
    const home = clients.get(one.visit.clientId)!.homes[0]?.buildingId;
    const households = new Set((living.get(home ?? "") ?? []).map(({ householdId }) => householdId));
    if (home !== undefined && person.addressBuildingId === home && households.size === 1)
      say("relative-as-carer", [one]);
  }
  const hoursWorked = new Map<string, number>();
  for (const { unitId, kind, start, end, breakMinutes = 0 } of world.shifts) {
    const key = `${providerOf.get(unitId)} ${monthOf(dayOf(start))}`;
    if (kind === "work") hoursWorked.set(key, (hoursWorked.get(key) ?? 0) + (end - start) / HOUR - breakMinutes / 60);
  }
  for (const [key, group] of Map.groupBy(done, (one) => `${one.provider} ${one.month}`)) {
    const [id = "", when = ""] = key.split(" ");
    const hours = group.reduce((sum, { minutes }) => sum + minutes / 60, 0);
    const worked = hoursWorked.get(key) ?? 0;
    if (hours > 0.95 * worked) month("hours-exceed-staffing", { provider: id }, when, `${hours} of ${worked}`);
    const { regime, permitFrom, permitTo } = world.providers.find((provider) => provider.id === id)!;
    const without = group.filter(
      ({ day }) =>
        regime === "private" &&
        (permitFrom === undefined ||
          day < dayOfDate(permitFrom) ||
          (permitTo !== undefined && day > dayOfDate(permitTo))),
    );
    if (without.length > 0) month("provider-without-permit", { provider: id }, when, String(without.length));
  }
  judgeInvoices(
    world,
    all,
    contracts,
    (claim) => {
      const { carefox } = clients.get(claim.clientId)?.ids ?? {};
      return claim.namedAs === undefined && carefox !== "";
    },
    found,
  );
  return found;
}

type PriceRow = { from: string; services?: string[]; band?: string; orePerHour?: number };
type Band = { name: string; weekdays?: number[]; from: string; to: string };

const clock = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
function inBand({ weekdays, from, to }: Band, day: Day, minute: number): boolean {
  const on = (date: Day) => weekdays === undefined || weekdays.includes(weekdayOf(date));
  if (clock(from) < clock(to)) return minute >= clock(from) && minute < clock(to) && on(day);
  return (minute >= clock(from) && on(day)) || (minute < clock(to) && on(day - 1));
}

/** Lines of invoices, against the visits that they are for and the contract. */
function judgeInvoices(
  world: World,
  all: readonly Seen[],
  contracts: ReadonlyMap<string, WorldContract>,
  known: (claim: WorldClaim) => boolean,
  found: Accusation[],
) {
  const visits = Map.groupBy(all, ({ visit }) => visit.clientId);
  const credited = new Set(world.claims.flatMap(({ correctsId }) => (correctsId === undefined ? [] : [correctsId])));
  const charges = world.claims.filter((claim) => claim.kind !== "credit" && !credited.has(claim.id));
  const stays = Map.groupBy(world.absences, ({ clientId }) => clientId);
  const seen = new Map<string, WorldClaim>();
  const billed = new Set<string>();
  const say = (rule: string, claim: WorldClaim, detail: string) =>
    found.push({
      rule,
      client: claim.clientId,
      provider: claim.providerId,
      records: [`claims files ${claim.id}`],
      detail,
    });
  for (const claim of charges) {
    const { terms, services } = contracts.get(claim.providerId)!;
    if (claim.unit === "C62") {
      const eaten = world.meals.filter(({ clientId, from }) => clientId === claim.clientId && from === claim.from);
      if (claim.quantity! > eaten.reduce((sum, { quantity }) => sum + quantity, 0)) say("meal-overclaimed", claim, "");
    }
    if (claim.unit !== undefined) continue;
    billed.add(`${claim.clientId} ${claim.service} ${claim.from.slice(0, 7)}`);
    if (!known(claim)) continue;
    const from = dayOfDate(claim.from);
    const through = dayOfDate(claim.to);
    if (services !== undefined && !services.includes(claim.service))
      say("claim-outside-contract", claim, claim.service);
    const row = (terms["price"] as PriceRow[]).findLast(
      (one) => one.services === undefined && one.band === claim.band && one.from <= claim.from,
    );
    if (row?.orePerHour !== claim.unitPriceOre)
      say("claim-wrong-price", claim, `${claim.unitPriceOre} of ${row?.orePerHour}`);
    const key = [
      claim.clientId,
      claim.providerId,
      claim.service,
      claim.band,
      claim.from,
      claim.to,
      claim.minutes,
    ].join();
    const same = seen.get(key);
    if (same === undefined) seen.set(key, claim);
    else for (const one of [same, claim]) say("claim-duplicated", one, key);

    const own = (visits.get(claim.clientId) ?? []).filter(
      (one) => one.day >= from && one.day <= through && one.head.services.includes(claim.service),
    );
    const bands = (terms["bands"] ?? []) as Band[];
    const banded = own.some((one) => {
      const [begins, minutes] =
        one.head.status === "completed"
          ? [one.head.start, one.minutes]
          : [one.plan?.versions.at(-1)!.start ?? one.head.start, 30];
      return Array.from({ length: minutes }, (_, minute) => minuteOfDay(begins) + minute).some(
        (minute) =>
          bands.find((band) => inBand(band, one.day + Math.floor(minute / 1440), minute % 1440))?.name === claim.band,
      );
    });
    if (own.length > 0 && !banded && (bands.length > 0 || claim.band !== undefined))
      say("claim-wrong-band", claim, String(claim.band));
    const done = own.filter(({ head }) => head.status === "completed");
    const away = (stays.get(claim.clientId) ?? []).find(
      ({ from: left, to }) => left <= atMinute(from, 420) && (to ?? Infinity) >= atMinute(through, 1320),
    );
    const pays = terms["absence"] !== undefined && away?.planned === false;
    // Paid in part, and so is a day on which nobody opened.
    if (pays && own.every(({ head }) => head.status !== "completed")) continue;
    const planned = own
      .filter(({ head, plan }) => head.status !== "completed" && plan !== null)
      .reduce((sum, { plan }) => sum + lengthOf(plan!.versions.at(-1)!), 0);
    if (
      done.length === 0 &&
      own.every(({ plan }) => plan !== null) &&
      planned > 0 &&
      from === through &&
      claim.minutes > 0.85 * planned
    )
      say("declined-claimed-in-full", claim, "");
    const standard = (terms["standardMinutes"] as Record<string, number> | undefined)?.[claim.service];
    const most = done.reduce((sum, { minutes }) => sum + Math.max(minutes, standard ?? 0), 0) + planned / 2;
    const step = terms["rounding"] === undefined ? 0 : 2.5;
    if (own.length > 0 && claim.minutes > most + step * own.length + 3)
      say("claim-exceeds-payable", claim, `${claim.minutes} of ${most}`);
    if (own.length === 0 && away !== undefined && !pays) say("claim-during-absence", claim, "");
  }
  const [firstMonth] = world.claims.map(({ from }) => from.slice(0, 7)).toSorted();
  const owed = all.filter(
    ({ month, head, visit }) =>
      month === firstMonth && head.status === "completed" && head.services.length === 1 && visit.orderId !== undefined,
  );
  for (const [key, group] of Map.groupBy(
    owed,
    ({ visit, head, month }) => `${visit.clientId} ${head.services[0]!} ${month}`,
  )) {
    if (billed.has(key)) continue;
    const [client = "", , month = ""] = key.split(" ");
    found.push({ rule: "unbilled-visit", client, month, records: group.map((one) => one.key), detail: key });
  }
  for (const [key, group] of Map.groupBy(
    all.filter(({ head }) => head.status === "completed" && head.services.length === 1),
    ({ provider, month }) => `${provider} ${month}`,
  )) {
    const [provider = "", month = ""] = key.split(" ");
    const rounding = contracts.get(provider)?.terms["rounding"] as { to: number } | undefined;
    if (rounding === undefined) continue;
    const gain = group.reduce((sum, { minutes }) => sum + Math.round(minutes / rounding.to) * rounding.to - minutes, 0);
    if (gain > group.length)
      found.push({ rule: "rounding-gain", provider, month, records: [], detail: `${gain} of ${group.length}` });
  }
}
