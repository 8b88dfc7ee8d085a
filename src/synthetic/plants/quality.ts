import { atMinute, formatDay, HOUR, MINUTE, offsetMinutes, weekdayOf } from "#model";
import type { Day, Instant } from "#model";
import { performedMinutes } from "../claims.ts";
import type { Person } from "../clients.ts";
import type { Happening } from "../days.ts";
import type { Worker } from "../organisation.ts";
import type { WorldClient, WorldEmployment, WorldStaff } from "../world.ts";
import { dateOf, endOf, everyProvider, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";

/** Of these the sources say when they got to know of a visit. */
const withReceipt = ["P3", "P4", "P5"];
/** Of these the sources write whole times, so that an end before its start arrives as such. */
const withWholeTimes = ["P1", "P2", "P6"];

/** The weekdays of the period, early enough that something follows. */
function someWeekday(bench: Bench, avoid: readonly Day[]): Day {
  for (let tried = 0; ; tried++) {
    const day = bench.random.int(bench.from + 4, bench.through - 6);
    const clear = avoid.every((other) => Math.abs(other - day) > 4);
    if ((weekdayOf(day) <= 5 && clear) || tried > 200) return day;
  }
}

/** What the source would have sent in these hours is lost, or comes when it is back. */
function silence(bench: Bench, source: Happening["visit"]["source"], from: Instant, until: Instant): Happening[] {
  const lost: Happening[] = [];
  for (const one of bench.days.happenings) {
    if (one.visit.source !== source) continue;
    for (const [index, version] of one.visit.versions.entries()) {
      if (version.at < from || version.at >= until) continue;
      const planned = one.plan?.versions.at(-1);
      const covered = planned !== undefined && planned.start < until && planned.end > from;
      if (index === 0 && one.visit.versions.length === 1 && covered) lost.push(one);
      else version.at = until + bench.random.int(2, 20) * MINUTE;
    }
    // Still in order, for those that waited.
    one.visit.versions.forEach((version, index) => {
      const before = one.visit.versions[index - 1];
      if (before !== undefined && version.at <= before.at) version.at = before.at + MINUTE;
    });
  }
  for (const one of lost) bench.remove(one);
  return lost;
}

/** What was planted in an outage all the same comes when the source is back; its versions stay in turn. */
export function keepSilent(bench: Bench) {
  let late = 0;
  for (const { source, from, until } of bench.outages) {
    for (const { visit } of bench.days.happenings) {
      const waiting = visit.versions.filter(({ at }) => at >= from && at < until);
      if (visit.source !== source || waiting.length === 0) continue;
      const next = visit.versions.find(({ at }) => at >= until)?.at ?? Infinity;
      const back = Math.floor(Math.min(until + (2 + (late++ % 18)) * MINUTE, (until + next) / 2));
      const first = waiting[0]!.at;
      for (const version of waiting) version.at = back + Math.round((version.at - first) / 1000);
    }
  }
}

/** Outages come first, so that nothing is planted on a visit that never arrived. */
export function plantOutages(bench: Bench) {
  const { random, through, from } = bench;
  if (through - from < 20) return;
  const outage = someWeekday(bench, []);
  const broken = someWeekday(bench, [outage]);
  const skewed = someWeekday(bench, [outage, broken]);
  const hoursOf = (day: Day, first: number, last: number) => ({
    from: atMinute(day, first),
    until: atMinute(day, last),
  });
  const days = (first: Day, last = first) => ({ from: formatDay(first), through: formatDay(last) });

  const silent = hoursOf(outage, 420, 840);
  // Where few visits are registered, hours without any are nothing that could be told from visits nobody made.
  const expected = bench.days.happenings.filter(
    (one) => one.visit.source === "combine" && startOf(one) >= silent.from && startOf(one) < silent.until,
  );
  if (expected.length >= 14) {
    const lost = silence(bench, "combine", silent.from, silent.until);
    bench.outages.push({ source: "combine", ...silent });
    const what = `Combine levererade ingenting under sju timmar; ${lost.length} besök kom aldrig`;
    bench.label({ rule: "source-silent", planted: true, what, source: "combine", hours: silent, ...days(outage) });
    const few = { rule: "volume-break", planted: true, optional: true };
    bench.label({ ...few, what, source: "combine", hours: silent, ...days(outage) });
  }

  const cut = hoursOf(broken, 660, 1440);
  const missing = silence(bench, "phoniro", cut.from, cut.until);
  bench.outages.push({ source: "phoniro", ...cut });
  const half = `Phoniros fil bröts av klockan elva; ${missing.length} besök saknas`;
  bench.label({ rule: "volume-break", planted: true, what: half, source: "phoniro", hours: cut, ...days(broken) });
  bench.label({
    rule: "source-silent",
    planted: true,
    optional: true,
    what: half,
    source: "phoniro",
    hours: cut,
    ...days(broken),
  });

  for (const one of bench.days.happenings) {
    const [version] = one.visit.versions;
    const day = dateOf(one);
    if (one.visit.source === "phoniro" && one.visit.versions.length === 1 && day >= skewed && day <= skewed + 3) {
      version!.at += 7 * MINUTE + random.int(0, 20) * 1000;
    }
  }
  const slow = "Telefonernas klockor gick sju minuter efter i fyra dagar";
  bench.label({ rule: "clock-skew", planted: true, what: slow, source: "phoniro", ...days(skewed, skewed + 3) });

  // What looks alike and is not.
  const quiet = someWeekday(bench, [outage, broken, skewed]);
  for (const [index, source] of (["combine", "phoniro"] as const).entries()) {
    const night = hoursOf(quiet + index, 1380, 1440 + 330);
    const text = "Natten: enheterna har inga besök att registrera";
    bench.label({
      rule: "source-silent",
      planted: false,
      what: text,
      source,
      hours: night,
      ...days(quiet + index, quiet + index + 1),
    });
  }
  for (let day = from + 7; day <= through; day++) {
    if (weekdayOf(day) !== 7 || Math.abs(day - broken) < 2 || Math.abs(day - outage) < 2) continue;
    bench.label({ rule: "volume-break", planted: false, what: "Söndag: färre besök", source: "phoniro", ...days(day) });
    break;
  }
  const late = hoursOf(quiet + 2, 480, 960);
  const phone = bench.days.happenings.find(
    (one) => one.visit.source === "phoniro" && startOf(one) >= late.from && startOf(one) < late.until,
  );
  if (phone !== undefined) {
    for (const one of bench.ofStaff(phone.worker.staff.id)) {
      if (startOf(one) < late.from || startOf(one) >= late.until || one.visit.versions.length > 1) continue;
      one.visit.versions[0]!.at = Math.max(one.visit.versions[0]!.at, late.until + random.int(1, 30) * MINUTE);
    }
    const text = "En persons telefon saknade täckning hela dagen";
    bench.label({
      rule: "clock-skew",
      planted: false,
      what: text,
      source: "phoniro",
      staff: phone.worker.staff.id,
      ...days(quiet + 2),
    });
  }
}

/** A fifth of a provider's clients has ids in its planner that nobody has joined; elsewhere a client or two. */
export function plantUnjoined(bench: Bench) {
  const rule = "match-rate-low";
  const period = { from: formatDay(bench.from), through: formatDay(bench.through) };
  const minutesOfPerson = (person: Person) =>
    bench
      .ofPerson(person)
      .filter(({ visit }) => visit.source === "phoniro")
      .reduce((sum, one) => sum + performedMinutes(one), 0);
  const unjoin = (provider: string, share: number) => {
    const people = bench.population.people.filter(({ team }) => team.provider.id === provider);
    const whole = people.reduce((sum, person) => sum + minutesOfPerson(person), 0);
    let left = whole * share;
    for (const person of bench.random.shuffled(people)) {
      const own = minutesOfPerson(person);
      if (own === 0 || (share < 0.1 && own > left)) continue;
      if (left <= 0) break;
      left -= own;
      bench.unjoined.add(person);
      bench.reserve(person);
      const what = "Planeringssystemets nummer är inte hopkopplat med någon brukare";
      bench.label({
        rule: "unknown-client",
        planted: true,
        optional: true,
        what,
        client: person.client.id,
        provider,
        ...period,
      });
    }
  };
  unjoin("P5", 0.24);
  const low = "Var fjärde minut hör till brukare som ingen har kopplat ihop mellan systemen";
  bench.label({ rule, planted: true, what: low, provider: "P5", ...period });
  for (const provider of ["P3", "P4"]) {
    unjoin(provider, 0.03);
    bench.label({ rule, planted: false, what: "Några få brukare är inte hopkopplade", provider, ...period });
  }
}

function plantEnds(bench: Bench) {
  const { random } = bench;
  const pick = (provider: string, holds: (one: Happening) => boolean = () => true) => {
    const one = bench.find(provider, (visit) => bench.plain(visit) && holds(visit));
    if (one !== null) bench.touch([one]);
    return one;
  };
  const say = (rule: string, planted: boolean, what: string, one: Happening, provider: string) =>
    bench.label({ rule, planted, what, client: one.person.client.id, provider }, one);

  bench.plant(everyProvider, (provider) => {
    const one = pick(provider);
    if (one === null) return false;
    const head = headOf(one);
    bench.prove(one, head.startProof, "none");
    Object.assign(head, { end: null, status: "started", at: head.start + MINUTE });
    delete head.endTag;
    say("missing-end", true, "Aldrig utloggad", one, provider);
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    const one = pick(provider);
    if (one === null) return false;
    const head = headOf(one);
    const end = head.end!;
    const begun = {
      ...head,
      end: null,
      status: "started" as const,
      at: head.start + MINUTE,
      endProof: "none" as const,
    };
    delete begun.endTag;
    head.at = end + random.int(3, 10) * HOUR;
    one.visit.versions = [begun, head];
    bench.prove(one, head.startProof, "manual");
    say("missing-end", false, "Utloggningen fylldes i samma dag", one, provider);
    return true;
  });

  // In the hour that comes twice, whoever reads an end before the start takes it for the second one.
  const once = (one: Happening) => offsetMinutes(startOf(one) - HOUR) === offsetMinutes(startOf(one) + HOUR);
  bench.plant(withWholeTimes, (provider) => {
    const one = pick(provider, once);
    if (one === null) return false;
    const head = headOf(one);
    bench.prove(one, head.startProof, "manual");
    head.end = head.start - random.int(12, 40) * MINUTE;
    say("end-before-start", true, "Sluttiden skrevs in före starttiden", one, provider);
    return true;
  });
  const late = (one: Happening) =>
    bench.untouched(one) &&
    one.need?.team.kind === "night" &&
    headOf(one).status === "completed" &&
    one.visit.versions.length === 1;
  const moved = (one: Happening, start: Instant) => {
    const end = start + minutesOf(one) * MINUTE;
    if (
      !bench.workerFree(one.worker, one.person.place, start, end, [one]) ||
      !bench.personFree(one.person, start, end, [one])
    )
      return false;
    bench.retime(one, start, end);
    return true;
  };
  bench.plant(["P2"], (provider) => {
    const one = bench.find(provider, (visit) => {
      const midnight = atMinute(dateOf(visit) + 1, 0);
      return (
        late(visit) &&
        dateOf(visit) < bench.through - 1 &&
        midnight - startOf(visit) < 110 * MINUTE &&
        moved(visit, midnight - 5 * MINUTE)
      );
    });
    if (one === null) return false;
    bench.touch([one]);
    say("end-before-start", false, "Besöket gick över midnatt", one, provider);
    return true;
  });
  // Ten to three by summer time, five past two by winter time.
  for (let day = bench.from; day <= bench.through; day++) {
    const change = atMinute(day, 120) + HOUR;
    if (offsetMinutes(change - 1) !== 120 || offsetMinutes(change) !== 60) continue;
    const one = bench.find(
      "P2",
      (visit) => late(visit) && Math.abs(startOf(visit) - change) < 100 * MINUTE && moved(visit, change - 6 * MINUTE),
    );
    if (one === null) continue;
    bench.touch([one]);
    say("end-before-start", false, "Klockan ställdes tillbaka under besöket", one, "P2");
  }
}

/** Nights when someone sits with the client, as ordered: longer than half a day. */
function plantNightWatches(bench: Bench) {
  for (const provider of ["P5", "P1", "P3"]) {
    const person = bench.findPerson(provider, (one) => {
      if (one.profile !== "light" || one.orders.length !== 1 || one.stays.length > 0 || one.diedAt !== undefined)
        return false;
      return (
        one.from === bench.from &&
        one.through === bench.through &&
        !one.alarm &&
        bench.free(one) &&
        !bench.unjoined.has(one)
      );
    });
    if (person === null) continue;
    const { team } = person;
    const validFrom = bench.from - 30;
    const lines = [
      { service: "nattvak", minutes: 810, times: 1, per: "week" as const, weekdays: [6], partOfDay: "night" as const },
    ];
    const order = bench.population.order({
      person,
      team,
      law: "SoL",
      orderedAt: atMinute(validFrom - 4, 600),
      validFrom,
      lines,
    });
    const worker = hire(bench, person.team.workers[0]!, true);
    const visits: Happening[] = [];
    for (let day = bench.from + 1; day < bench.through; day++) {
      if (weekdayOf(day) !== 6) continue;
      const start = atMinute(day, 1200);
      const end = atMinute(day + 1, 500);
      if (!bench.personFree(person, start, end)) continue;
      const at = start - 6 * 24 * HOUR;
      const need = {
        person,
        team,
        order,
        lines: order.versions[0]!.lines,
        services: ["nattvak"],
        minute: 1200,
        minutes: 740,
        staffing: 1 as const,
        from: bench.from,
        through: bench.through,
        orderedFrom: validFrom,
        law: "SoL" as const,
      };
      const plan = {
        id: bench.days.nextPlanId(team),
        source: team.unit.plansIn,
        clientId: person.client.id,
        unitId: team.unit.id,
        orderId: order.id,
        ...(team.unit.plansIn === "lifecare" && { workshiftId: `pass-${worker.staff.id}-${day}` }),
        versions: [{ at, staffId: worker.staff.id, start, end, services: ["nattvak"] }],
      };
      const booking = { plan, person, worker, need };
      bench.days.bookings.push(booking);
      bench.bookingOf.set(plan, booking);
      bench.bookingsOf(person).push(booking);
      const registration = {
        person,
        worker,
        team,
        start: start + 3 * MINUTE,
        end: end - 2 * MINUTE,
        services: ["nattvak"],
      };
      const proof = bench.random.chance(0.4) ? "manual" : person.proof;
      visits.push(bench.add(bench.days.registered({ ...registration, orderId: order.id, booking, proof })));
      const shifts = {
        unitId: team.unit.id,
        staffId: worker.staff.id,
        kind: "work" as const,
        source: "files" as const,
      };
      bench.days.shifts.push({ id: `pass-vak-${worker.staff.id}-${day}`, ...shifts, start, end });
    }
    bench.reserve(person);
    bench.touch(visits);
    bench.label(
      { rule: "overlong-visit", planted: false, what: "Beställd nattvak", client: person.client.id, provider },
      ...visits,
    );
    const few = "Få besök: andelen säger ingenting";
    bench.label({ rule: "manual-share", planted: false, what: few, staff: worker.staff.id, provider }, ...visits);
  }
}

/** One more in the team of `like`; `listed` in the registers or known only to the system that names them. */
export function hire(bench: Bench, like: Worker, listed: boolean): Worker {
  const { staff: all } = bench.organisation;
  const number = all.length + 1;
  const id = `S${number}`;
  const { unit, provider } = like.team;
  const ids: WorldEmployment["ids"] = listed ? { files: id } : {};
  if (unit.visitsIn === "phoniro" || unit.visitsIn === "combine") ids.phoniro = String(60_000 + number);
  else if (listed && unit.visitsIn === "lifecare") ids.lifecare = `anv${10_000 + number}`;
  if (unit.visitsIn === "combine") ids.combine = `L${String(number).padStart(4, "0")}`;
  if (unit.plansIn === "carefox" && listed) ids.carefox = String(3000 + number * 7);
  const employment: WorldEmployment = {
    providerId: provider.id,
    unitId: unit.id,
    from: formatDay(bench.from - 60),
    transport: "car",
    ids,
  };
  const staff: WorldStaff = {
    id,
    personalIdentityNumber: bench.who.personalIdentityNumber(),
    hsaId: `SE${provider.organisationNumber.replace("-", "")}-${1000 + number}`,
    name: bench.who.name(),
    employments: [employment],
  };
  all.push(staff);
  return { ...like, staff, employment, index: 90, away: new Map(), deviceId: `tel-${unit.id}-${id}` };
}

function plantOverlong(bench: Bench) {
  const { random } = bench;
  const rule = "overlong-visit";
  bench.plant(everyProvider, (provider, number) => {
    // Phoniro writes clock times: more than a day is not seen there.
    if (number % 2 === 0 && withWholeTimes.includes(provider)) {
      const one = bench.find(provider, (visit) => bench.plain(visit) && dateOf(visit) < bench.through - 4);
      if (one === null) return false;
      bench.touch([one]);
      const head = headOf(one);
      head.end = head.start + random.int(27, 44) * HOUR + random.int(0, 50) * MINUTE;
      head.at = head.end + MINUTE;
      one.unclaimed = true;
      const what = "Utloggningen glömdes till en annan dag";
      bench.label({ rule, planted: true, what, client: one.person.client.id, provider }, one);
      return true;
    }
    const one = bench.find(provider, (visit) => {
      if (!bench.plain(visit) || startOf(visit) < atMinute(dateOf(visit), 540)) return false;
      const end = startOf(visit) + 13 * HOUR + 20 * MINUTE;
      const after = { start: endOf(visit), end: end + 30 * MINUTE };
      return (
        bench.workerFree(visit.worker, visit.person.place, after.start, after.end, [visit]) &&
        bench.personFree(visit.person, after.start, after.end, [visit])
      );
    });
    if (one === null) return false;
    bench.touch([one]);
    const head = headOf(one);
    head.end = head.start + 13 * HOUR + random.int(0, 20) * MINUTE;
    head.at = head.end + MINUTE;
    one.unclaimed = true;
    const what = "Utloggningen kom först på natten, när någon märkte det";
    const client = one.person.client.id;
    bench.label({ rule, planted: true, what, client, provider }, one);
    bench.label({ rule: "over-granted", planted: true, optional: true, what, client, provider }, one);
    return true;
  });
}

function plantDuplicates(bench: Bench) {
  const rule = "duplicate-visit";
  const copyOf = (one: Happening, startsLater: number) => {
    const { person, worker, need } = one;
    const start = startOf(one) + startsLater * MINUTE;
    const end = Math.max(start + MINUTE, endOf(one));
    const { services, startProof } = headOf(one);
    const registration = { person, worker, team: worker.team, start, end, services, orderId: need!.order.id };
    const copy = bench.add(bench.days.registered({ ...registration, proof: startProof }));
    copy.unclaimed = true;
    bench.touch([one, copy]);
    return copy;
  };
  bench.plant(everyProvider, (provider) => {
    const one = bench.find(
      provider,
      (visit) => bench.plain(visit) && bench.slack(visit.person, bench.monthOf(visit)) > minutesOf(visit) + 5,
    );
    if (one === null) return false;
    const copy = copyOf(one, 1);
    const what = "Samma besök registrerat två gånger";
    const about = { planted: true, what, client: one.person.client.id, provider };
    bench.label({ rule, ...about }, one, copy);
    bench.label({ rule: "unplanned-visit", optional: true, ...about }, one, copy);
    return true;
  });
  bench.plant(["P6"], (provider) => {
    const one = bench.find(provider, bench.plain);
    if (one === null) return false;
    const copy = copyOf(one, 2);
    Object.assign(copy.visit, { source: "phoniro", id: `B${copy.visit.id.replace(/\D/g, "").padStart(8, "0")}` });
    one.person.client.ids.phoniro ??= String(19_000 - Number(one.person.client.id.slice(1)));
    const what = "Samma besök kom från två system under övergången";
    bench.label({ rule, planted: false, what, client: one.person.client.id, provider }, one, copy);
    return true;
  });
}

function plantReceipts(bench: Bench) {
  const { random } = bench;
  const rule = "late-registration";
  bench.plant(withReceipt, (provider, number) => {
    const hours = number % 2 === 0 ? random.int(30, 50) : random.int(90, 150);
    const one = bench.find(
      provider,
      (visit) => bench.plain(visit) && bench.heard(startOf(visit), endOf(visit) + (hours + 1) * HOUR),
    );
    if (one === null) return false;
    bench.touch([one]);
    headOf(one).at = endOf(one) + hours * HOUR;
    bench.prove(one, "manual");
    const what = `Registrerades ${hours} timmar efter besöket`;
    bench.label({ rule, planted: true, what, client: one.person.client.id, provider }, one);
    return true;
  });
  bench.plant(withReceipt, (provider) => {
    const one = bench.find(provider, bench.plain);
    if (one === null) return false;
    bench.touch([one]);
    headOf(one).at = endOf(one) + random.int(14, 21) * HOUR;
    const what = "Registrerades nästa morgon";
    bench.label({ rule, planted: false, what, client: one.person.client.id, provider }, one);
    return true;
  });

  // The source sends other content under the version that it has already sent.
  bench.plant([...withReceipt, "P6"], (provider) => {
    const one = bench.find(provider, (visit) => bench.plain(visit) && minutesOf(visit) > 12);
    if (one === null) return false;
    bench.touch([one]);
    const head = headOf(one);
    one.visit.versions.push({ ...head, end: head.end! - 3 * MINUTE });
    const what = "Samma version, annan sluttid";
    bench.label({ rule: "version-conflict", planted: true, what, client: one.person.client.id, provider }, one);
    return true;
  });
  bench.plant([...withReceipt, "P6"], (provider) => {
    const one = bench.find(provider, (visit) => bench.plain(visit) && minutesOf(visit) > 12);
    if (one === null) return false;
    bench.touch([one]);
    const head = headOf(one);
    one.visit.versions.push({ ...head, at: head.at + 25 * HOUR });
    const what = "Samma besök skickat en gång till, oförändrat";
    bench.label({ rule: "version-conflict", planted: false, what, client: one.person.client.id, provider }, one);
    return true;
  });
}

/** A whole day of somebody's visits that arrives at once. */
export function plantBatches(bench: Bench) {
  const { random } = bench;
  const batch = (provider: string, planted: boolean) => {
    let day: Happening[] = [];
    const one = bench.find(provider, (visit) => {
      if (!bench.plain(visit) || !bench.heard(startOf(visit), atMinute(dateOf(visit) + 3, 0))) return false;
      day = bench
        .ofStaff(visit.worker.staff.id)
        .filter((other) => dateOf(other) === dateOf(visit) && other.worker === visit.worker);
      return day.length >= 6 && day.every((other) => other.visit.versions.length === 1 && bench.untouched(other));
    });
    if (one === null) return false;
    bench.touch(day);
    const received = atMinute(dateOf(one) + 2, random.int(560, 900));
    for (const [index, visit] of day.entries()) {
      headOf(visit).at = received + index * 40_000;
      const { proof } = visit.person;
      bench.prove(visit, planted ? "manual" : proof);
    }
    const what = planted
      ? `${day.length} besök skrevs in för hand på några minuter två dagar senare`
      : `Telefonen var utan täckning: ${day.length} kvitterade besök kom på en gång`;
    const about = { what, staff: one.worker.staff.id, provider };
    bench.label({ rule: "batch-registration", planted, ...about }, ...day);
    bench.label({ rule: "late-registration", planted: true, optional: true, ...about }, ...day);
    return true;
  };
  bench.plant(withReceipt, (provider) => batch(provider, true));
  bench.plant(withReceipt, (provider) => batch(provider, false));
}

function plantUnknown(bench: Bench) {
  const { random, population } = bench;
  bench.plant(["P3", "P1", "P5", "P4"], (provider) => {
    const one = bench.find(provider, bench.plain);
    if (one === null) return false;
    const booking = bench.bookingOf.get(one.plan)!;
    const number = population.people.length + 1;
    const client: WorldClient = {
      ...one.person.client,
      id: `C${number}`,
      personalIdentityNumber: bench.who.personalIdentityNumber(),
      name: bench.who.name(),
      householdId: `HH${number}`,
      protection: "none",
      homes: [],
      ids: one.visit.source === "phoniro" ? { phoniro: String(90_000 + number) } : {},
    };
    const person: Person = { ...one.person, client, needs: [], orders: [], stays: [], alarm: false };
    population.people.push(person);
    bench.touch([one]);
    bench.remove(one);
    bench.unbook(booking);
    const { worker } = one;
    const stranger = bench.days.registered({
      person,
      worker,
      team: worker.team,
      start: startOf(one),
      end: endOf(one),
      services: headOf(one).services,
      proof: "manual",
    });
    stranger.unclaimed = true;
    bench.add(stranger);
    bench.reserve(person);
    const what = "Besöket gäller någon som inget register känner";
    const about = { planted: true, what, client: client.id, provider };
    bench.label({ rule: "unknown-client", ...about }, stranger);
    for (const rule of ["visit-without-order", "over-granted"])
      bench.label({ rule, optional: true, ...about }, stranger);
    return true;
  });
  const reserve = population.people.find(({ client }) => /\D/.test(client.personalIdentityNumber));
  const coordination = population.people.find(({ client }) => Number(client.personalIdentityNumber.slice(6, 8)) > 60);
  for (const [person, what] of [
    [reserve, "Reservnummer med bokstäver"],
    [coordination, "Samordningsnummer"],
  ] as const) {
    const visits = person === undefined ? [] : bench.ofPerson(person);
    if (visits.length > 0)
      bench.label({ rule: "unknown-client", planted: false, what, client: person!.client.id }, ...visits);
  }

  bench.plant(["P3", "P1", "P5", "P4"], (provider) => {
    const first = bench.find(provider, (one) => bench.plain(one) && one.worker.shift !== "night");
    if (first === null) return false;
    const worker = hire(bench, first.worker, false);
    const visits = bench
      .ofStaff(first.worker.staff.id)
      .filter((one) => dateOf(one) === dateOf(first) && bench.plain(one));
    const day = visits.slice(0, random.int(3, 5));
    bench.touch(day);
    for (const one of day) bench.reassign(one, worker);
    const what = "En vikarie som inget register känner";
    bench.label({ rule: "unknown-staff", planted: true, what, staff: worker.staff.id, provider }, ...day);
    return true;
  });
  bench.plant(["P1", "P3", "P6"], (provider) => {
    const first = bench.find(provider, (one) => bench.plain(one) && one.worker.shift !== "night");
    if (first === null) return false;
    const worker = hire(bench, first.worker, true);
    worker.employment.from = formatDay(dateOf(first));
    const day = bench.ofStaff(first.worker.staff.id).filter((one) => dateOf(one) === dateOf(first) && bench.plain(one));
    bench.touch(day);
    for (const one of day) bench.reassign(one, worker);
    const what = "En vikaries första dag, anställd samma dag";
    bench.label({ rule: "unknown-staff", planted: false, what, staff: worker.staff.id, provider }, ...day);
    return true;
  });

  const codes = ["tradgard", "x17", "promenad-ny"];
  bench.plant(everyProvider, (provider, number) => {
    const one = bench.find(provider, bench.plain);
    if (one === null) return false;
    bench.touch([one]);
    headOf(one).services = [codes[number % codes.length]!];
    one.unclaimed = true;
    const what = `Insatsen ”${codes[number % codes.length]!}” finns inte i någon kodtabell`;
    bench.label({ rule: "unmapped-code", planted: true, what, source: one.visit.source, provider }, one);
    return true;
  });
  const rare = bench.days.happenings.filter(
    (one) => headOf(one).services.includes("ledsagning") && bench.untouched(one),
  );
  for (const one of rare.slice(0, bench.count)) {
    const { source } = one.visit;
    bench.label({ rule: "unmapped-code", planted: false, what: "Ovanlig insats, men känd", source }, one);
  }
}

export function plantQuality(bench: Bench) {
  plantEnds(bench);
  plantNightWatches(bench);
  plantOverlong(bench);
  plantDuplicates(bench);
  plantReceipts(bench);
  plantUnknown(bench);
}
