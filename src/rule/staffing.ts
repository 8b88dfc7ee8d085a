import type { Lines, Orders, Services, Shifts, Visits } from "#columns";
import type { Day } from "#model";
import { shiftCovering } from "./shifts.ts";

/**
 * The most staff at a time that an order in force asks for, for a service that the visit names (any service, where it names
 * none). 0: no order asks for such a service, so none says how many may come.
 */
export function orderedStaffing(
  { visits, orders, lines, services }: { visits: Visits; orders: Orders; lines: Lines; services: Services },
  visit: number,
): number {
  const day = visits.day(visit);
  const named = visits.services(visit);
  return mostStaffing(
    { orders, lines },
    visits.client(visit),
    day,
    (service) => named < 0 || services.list(named).includes(service),
  );
}

/** The most staff at a time that a client's orders in force on a day ask for; 0 where there is no order. */
export function mostStaffing(
  { orders, lines }: { orders: Orders; lines: Lines },
  client: number,
  day: Day,
  wanted?: (service: number) => boolean,
): number {
  let most = 0;
  const { offsets, rows } = orders.byClient;
  for (let at = offsets[client]!; at < offsets[client + 1]!; at++) {
    const order = rows[at]!;
    if (!orders.valid(order, day)) continue;
    for (let next = lines.byOrder.offsets[order]!; next < lines.byOrder.offsets[order + 1]!; next++) {
      const line = lines.byOrder.rows[next]!;
      const staffing = lines.staffing(line);
      if (staffing > most && lines.valid(line, day) && (wanted === undefined || wanted(lines.service(line))))
        most = staffing;
    }
  }
  return most;
}

/**
 * The visit was made by somebody who came along to learn, as far as the unit says so: a shift that is no ordinary work covers
 * its start, or it is registered under one of the services that stand for introduction.
 */
export function shadowing(
  { visits, services, shifts }: { visits: Visits; services: Services; shifts: Shifts },
  visit: number,
  codes: readonly string[],
): boolean {
  if (services.list(visits.services(visit)).some((service) => codes.includes(services.code[service]!.toLowerCase())))
    return true;
  return specialShift({ visits, shifts }, visit);
}

/** A shift that its source calls neither work nor leave (on call, introduction, meeting) covers the start of the visit. */
export function specialShift({ visits, shifts }: { visits: Visits; shifts: Shifts }, visit: number): boolean {
  const [staff, start] = [visits.staff(visit), visits.start(visit)];
  return staff >= 0 && shiftCovering(shifts, staff, start, start + 1, ["other"]) >= 0;
}
