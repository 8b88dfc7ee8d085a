import { HOUR, MINUTE } from "#model";
import type { Booking, Happening } from "../days.ts";
import { endOf, everyProvider, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { steady } from "./orders.ts";

/** No other visit of the client, planned or done, within three hours. */
function alone(bench: Bench, happening: Happening): boolean {
  const at = startOf(happening);
  return (
    bench.ofPerson(happening.person).every((one) => one === happening || Math.abs(startOf(one) - at) > 180 * MINUTE) &&
    bench
      .bookingsOf(happening.person)
      .every(({ plan }) => plan === happening.plan || Math.abs(plan.versions.at(-1)!.start - at) > 180 * MINUTE)
  );
}

const pickAlone = (bench: Bench, provider: string, holds: (one: Happening) => boolean = () => true) =>
  bench.find(provider, (one) => bench.plain(one) && holds(one) && !bench.unjoined.has(one.person) && alone(bench, one));

const bookingOf = (bench: Bench, { plan }: Happening): Booking => bench.bookingOf.get(plan)!;

/** The registration says nothing of a plan. */
function unplan(one: Happening) {
  one.plan = null;
  delete one.visit.plannedVisitId;
  delete one.visit.plannedStart;
  delete one.visit.plannedEnd;
}

function plantMissed(bench: Bench) {
  const rule = "missed-visit";
  bench.plant(everyProvider, (provider) => {
    // A source that is silent in the morning has not been heard of since the evening before.
    const heard = (one: Happening) => bench.heard(startOf(one) - 12 * HOUR, startOf(one) + 12 * HOUR);
    const visit = pickAlone(bench, provider, heard);
    if (visit === null) return false;
    const booking = bookingOf(bench, visit);
    bench.touch([visit]);
    bench.remove(visit);
    const what = "Planerat besök som ingen kom till";
    bench.label({ rule, planted: true, what, client: visit.person.client.id, provider }, booking);
    return true;
  });
  bench.plant(
    everyProvider,
    (provider, number) => {
      const visit = pickAlone(bench, provider);
      if (visit === null) return false;
      const booking = bookingOf(bench, visit);
      const client = visit.person.client.id;
      bench.touch([visit]);
      if (number % 3 === 2) {
        bench.remove(visit);
        bench.cancel(booking, booking.plan.versions.at(-1)!.start - 70 * MINUTE);
        bench.label({ rule, planted: false, what: "Avbokat en dryg timme före besöket", client, provider }, booking);
        return true;
      }
      const head = headOf(visit);
      bench.retime(visit, head.start, head.start + 4 * MINUTE);
      head.status = number % 3 === 0 ? "declined" : "noAnswer";
      if (head.status === "declined") head.declinedReason = "Ville inte ha hjälp i dag";
      const what = number % 3 === 0 ? "Brukaren avböjde i dörren" : "Personalen kom men ingen öppnade";
      bench.label({ rule, planted: false, what, client, provider }, booking, visit);
      return true;
    },
    bench.count + 1,
  );
  // Planned before anyone knew: within an absence nobody was to come.
  const during = bench.days.bookings.filter(({ plan, person }) => {
    const { start, end, cancelled } = plan.versions.at(-1)!;
    return (
      cancelled !== true &&
      bench.free(person) &&
      person.stays.some((stay) => start > stay.from && end < (stay.to ?? Infinity))
    );
  });
  for (const booking of during.slice(0, bench.count)) {
    const client = booking.person.client.id;
    bench.label({ rule, planted: false, what: "Brukaren var på sjukhus när besöket var planerat", client }, booking);
  }
}

function plantUnplanned(bench: Bench) {
  const rule = "unplanned-visit";
  bench.plant(everyProvider, (provider) => {
    const visit = pickAlone(bench, provider);
    if (visit === null) return false;
    bench.touch([visit]);
    bench.unbook(bookingOf(bench, visit));
    unplan(visit);
    const what = "Besök som ingen hade planerat";
    bench.label({ rule, planted: true, what, client: visit.person.client.id, provider }, visit);
    return true;
  });
  bench.plant(
    everyProvider,
    (provider, number) => {
      if (number % 3 === 0) {
        const alarm = bench.find(provider, (one) => bench.untouched(one) && headOf(one).services.includes("larm"));
        if (alarm === null) return false;
        bench.touch([alarm]);
        const client = alarm.person.client.id;
        bench.label({ rule, planted: false, what: "Svar på larm, som ingen kan planera", client, provider }, alarm);
        return true;
      }
      if (number % 3 === 1) {
        const visit = pickAlone(bench, provider, (one) => minutesOf(one) >= 19);
        if (visit === null) return false;
        const [start, end] = [startOf(visit), endOf(visit)];
        const { person, worker, need } = visit;
        const middle = start + 9 * MINUTE;
        bench.retime(visit, start, middle);
        const more = {
          person,
          worker,
          team: worker.team,
          start: middle + 6 * MINUTE,
          end,
          services: headOf(visit).services,
        };
        const rest = bench.add(bench.days.registered({ ...more, orderId: need!.order.id }));
        rest.continues = true;
        bench.touch([visit, rest]);
        const what = "Samma besök i två registreringar, med några minuters ärende emellan";
        bench.label({ rule, planted: false, what, client: person.client.id, provider }, visit, rest);
        return true;
      }
      const person = bench.findPerson(
        provider,
        (one) => steady(bench, one) && !bench.unjoined.has(one) && one.needs.length > 0,
      );
      if (person === null) return false;
      for (const booking of bench.bookingsOf(person).slice()) bench.unbook(booking);
      const visits = bench.ofPerson(person);
      for (const visit of visits) unplan(visit);
      bench.reserve(person);
      const what = "Enheten planerar inte den här brukaren i systemet";
      bench.label({ rule, planted: false, what, client: person.client.id, provider }, ...visits);
      return true;
    },
    bench.count + 1,
  );
}

export function plantPlans(bench: Bench) {
  plantMissed(bench);
  plantUnplanned(bench);
}
