import { HOUR, MINUTE } from "#model";
import { dateOf, endOf, headOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { ordinaryWorker } from "./help.ts";

/** Deliveries that come a day or two after the others. */
function lateDeliveries(bench: Bench) {
  const { random } = bench;
  for (const one of bench.days.happenings) {
    if (!random.chance(0.01) || !bench.plain(one)) continue;
    const until = endOf(one) + random.int(26, 50) * HOUR;
    if (!bench.heard(startOf(one), until + HOUR)) continue;
    headOf(one).at = until;
    const what = "Kom en dag eller två efter de andra";
    const about = { planted: true, optional: true, what, client: one.person.client.id };
    bench.label({ rule: "late-registration", ...about }, one);
  }
}

/** A planner that sent nothing of some rounds of a unit's day. */
function missingPlans(bench: Bench) {
  const teams = bench.organisation.teams.filter(({ kind }) => kind === "day");
  const shuffled = bench.random.shuffled(teams);
  const what = "Planeringen för en tur kom aldrig fram";
  let lost = 0;
  for (let tried = 0; tried < 40 && lost < 3; tried++) {
    const team = shuffled[tried % shuffled.length]!;
    const day = bench.random.int(bench.from + 5, bench.through - 5);
    for (const worker of team.workers) {
      const planned = bench
        .ofStaff(worker.staff.id)
        .filter((one) => dateOf(one) === day && one.plan !== null && one.need?.team === team);
      // Whole rounds, and none on which somebody planted something that a plan is held against.
      if (planned.length < 4 || !planned.every((one) => bench.untouched(one))) continue;
      lost++;
      for (const one of planned) {
        bench.unbook(bench.bookingOf.get(one.plan)!);
        one.plan = null;
        for (const key of ["plannedVisitId", "plannedStart", "plannedEnd"] as const) delete one.visit[key];
        bench.label({ rule: "unplanned-visit", planted: false, what, client: one.person.client.id }, one);
      }
    }
  }
}

/** Addresses whose position somebody got wrong by a few blocks. */
function wrongGeocodes(bench: Bench) {
  const { random } = bench;
  for (const person of bench.population.people) {
    const home = person.client.homes[0];
    if (home === undefined || home.precision !== "exact" || !bench.free(person) || !random.chance(0.012)) continue;
    if (!bench.ofPerson(person).every(bench.left)) continue;
    home.latitude =
      Math.round((home.latitude + (random.chance(0.5) ? 1 : -1) * (0.003 + random.next() * 0.006)) * 1e6) / 1e6;
  }
}

/** A telephone whose clock goes three minutes fast for a week. */
function fastClocks(bench: Bench) {
  const { random } = bench;
  const workers = bench.organisation.teams.flatMap((team) => team.workers.filter(ordinaryWorker));
  for (const worker of random.shuffled(workers).slice(0, 2)) {
    const from = random.int(bench.from + 3, bench.through - 10);
    const visits = bench.ofStaff(worker.staff.id).filter((one) => dateOf(one) >= from && dateOf(one) < from + 7);
    if (!visits.every((one) => bench.untouched(one) && one.visit.versions.length === 1 && headOf(one).end !== null))
      continue;
    if (visits.some(({ visit }) => visit.doubleStaffing === true)) continue;
    for (const { visit } of visits) {
      const version = visit.versions[0]!;
      version.start += 3 * MINUTE;
      version.end! += 3 * MINUTE;
      version.at = Math.max(version.at, version.end! + 5000);
    }
  }
}

/** While a unit changes systems both send the same visits for some days. */
function cutOver(bench: Bench) {
  const { random } = bench;
  const from = random.int(bench.from + 6, bench.through - 8);
  let number = 0;
  for (const one of bench.days.happenings.slice()) {
    const { visit, person } = one;
    if (visit.source !== "combine" || dateOf(one) < from || dateOf(one) > from + 2 || !bench.plain(one)) continue;
    if (one.worker.employment.ids.phoniro === undefined) continue;
    number++;
    person.client.ids.phoniro ??= String(19_000 - Number(person.client.id.slice(1)));
    const copy = { ...headOf(one), at: headOf(one).at + 3 * MINUTE };
    delete copy.startTag;
    delete copy.endTag;
    bench.days.happenings.push({
      ...one,
      unclaimed: true,
      visit: { ...visit, source: "phoniro", id: `B${8_000_000 + number}`, versions: [copy] },
    });
  }
}

/** What goes wrong in every municipality without anybody's doing; planted on nobody whom anything is planted on. */
export function makeNoise(bench: Bench) {
  missingPlans(bench);
  wrongGeocodes(bench);
  fastClocks(bench);
  lateDeliveries(bench);
  cutOver(bench);
}
