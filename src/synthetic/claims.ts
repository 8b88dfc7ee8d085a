import { atMinute, day as dayOfDate, daysOfMonth, dayOf, formatDay, MINUTE, monthOf, oreOf } from "#model";
import type { Day, Month } from "#model";
import { occurs } from "./clients.ts";
import type { Population } from "./clients.ts";
import type { Happening } from "./days.ts";
import type { Organisation } from "./organisation.ts";
import type { Random } from "./random.ts";
import type { WorldClaim, WorldOrder } from "./world.ts";

/** Granted minutes of one service in the orders of a client at a unit, over one month. */
export function grantedMinutes(orders: readonly WorldOrder[], service: string | null, month: Month): number {
  const { first, last } = daysOfMonth(month);
  let sum = 0;
  for (const order of orders) {
    const { validFrom, validTo, lines } = order.versions.at(-1)!;
    const from = Math.max(first, dayOfDate(validFrom));
    const through = Math.min(last, validTo === undefined ? last : dayOfDate(validTo));
    if (through < from) continue;
    for (const line of lines) {
      if (service !== null && line.service !== service) continue;
      const each = line.minutes * (line.staffing ?? 1);
      if (line.per === "month") {
        sum += (line.times * each * (through - from + 1)) / (last - first + 1);
        continue;
      }
      for (let day = from; day <= through; day++) {
        if (occurs(line, dayOfDate(order.versions[0]!.validFrom), day)) sum += line.times * each;
      }
    }
  }
  return sum;
}

/** What a visit's head says was done, in minutes; 0 where it says nothing that can be paid. */
export function performedMinutes({ visit }: Happening): number {
  const head = visit.versions.at(-1)!;
  if (head.deleted === true || head.status !== "completed" || head.end === null || head.end <= head.start) return 0;
  return Math.floor((head.end - head.start) / MINUTE);
}

/** `monthOf`, remembered: a world asks it a million times about sixty days. */
export function rememberedMonths(): (day: Day) => Month {
  const months = new Map<Day, Month>();
  return (day) => {
    const known = months.get(day);
    if (known !== undefined) return known;
    const month = monthOf(day);
    months.set(day, month);
    return month;
  };
}

interface DayOfService {
  day: Day;
  minutes: number;
  orderId: string;
}

/**
 * Invoices of honest providers: what was registered, never above what was granted in the month, on the days it was
 * done. Two providers bill every day on its own, the others whole runs of days.
 */
export function makeClaims(
  random: Random,
  organisation: Organisation,
  population: Population,
  happenings: readonly Happening[],
): WorldClaim[] {
  const orders = new Map(population.orders.map((order) => [order.id, order]));
  const ordersAt = new Map<string, WorldOrder[]>();
  for (const order of population.orders) {
    const key = `${order.clientId} ${order.unitId}`;
    const list = ordersAt.get(key);
    if (list === undefined) ordersAt.set(key, [order]);
    else list.push(order);
  }
  const monthOfDay = rememberedMonths();
  const done = new Map<string, DayOfService[]>();
  const add = (key: string, day: Day, minutes: number, orderId: string) => {
    let days = done.get(key);
    if (days === undefined) done.set(key, (days = []));
    // Happenings come nearly in order: the day is the last one, or close to it.
    const same = days.findLast((one) => one.day === day);
    if (same === undefined) days.push({ day, minutes, orderId });
    else same.minutes += minutes;
  };
  for (const happening of happenings) {
    const { visit, unclaimed } = happening;
    const minutes = performedMinutes(happening);
    if (minutes === 0 || unclaimed === true || visit.orderId === undefined) continue;
    const order = orders.get(visit.orderId);
    if (order === undefined) continue;
    const head = visit.versions.at(-1)!;
    const day = dayOf(head.start);
    const lines = head.services.map(
      (service) => order.versions.at(-1)!.lines.find((line) => line.service === service)?.minutes ?? 0,
    );
    const whole = lines.reduce((sum, one) => sum + one, 0);
    for (const [index, service] of head.services.entries()) {
      const share = whole === 0 ? 1 / lines.length : lines[index]! / whole;
      add(
        `${visit.clientId} ${visit.unitId} ${service} ${monthOfDay(day)}`,
        day,
        Math.floor(minutes * share),
        visit.orderId,
      );
    }
  }

  const providerOf = new Map(organisation.teams.map(({ unit, provider }) => [unit.id, provider.id]));
  const claims: WorldClaim[] = [];
  for (const [key, days] of done) {
    const [clientId = "", unitId = "", service = "", month = ""] = key.split(" ");
    const providerId = providerOf.get(unitId)!;
    const unitPriceOre = organisation.price.get(providerId)!;
    const daily = providerId === "P4" || providerId === "P5";
    let left = Math.floor(grantedMinutes(ordersAt.get(`${clientId} ${unitId}`) ?? [], service, month));
    const at = atMinute(daysOfMonth(month).last + 3, 600) + random.int(0, 240) * MINUTE;
    let open: WorldClaim | null = null;
    for (const { day, minutes, orderId } of days.sort((a, b) => a.day - b.day)) {
      const claimed = Math.min(minutes, left);
      if (claimed <= 0) continue;
      left -= claimed;
      const date = formatDay(day);
      if (
        !daily &&
        open !== null &&
        open.orderId === orderId &&
        dayOfDate(open.to) === day - 1 &&
        day - dayOfDate(open.from) < 7
      ) {
        open.to = date;
        open.minutes += claimed;
        open.amountOre = oreOf(open.minutes, unitPriceOre);
        continue;
      }
      open = {
        id: `fr${claims.length + 1}`,
        at,
        invoiceId: `F-${month}-${providerId}`,
        providerId,
        unitId,
        clientId,
        orderId,
        service,
        from: date,
        to: date,
        minutes: claimed,
        unitPriceOre,
        amountOre: oreOf(claimed, unitPriceOre),
      };
      claims.push(open);
    }
  }
  return claims;
}
