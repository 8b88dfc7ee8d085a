import { atMinute, day as dayOfDate, dayOf, daysOfMonth, formatDay, MINUTE, minuteOfDay, oreOf } from "#model";
import type { Day, Month } from "#model";
import { occurs } from "../clients.ts";
import type { Person } from "../clients.ts";
import type { Happening } from "../days.ts";
import type { WorldClaim, WorldMeal } from "../world.ts";
import { dateOf, endOf, everyProvider, headOf, minutesOf, record, startOf, visitRecord } from "./bench.ts";
import type { Bench, Billing } from "./bench.ts";
import { newClient } from "./help.ts";
import { period, periodOf, serveDays, teamOf } from "./serve.ts";

const claimRecord = ({ id }: WorldClaim) => record("claims", "files", id);
const monthOfClaim = ({ from }: WorldClaim): Month => from.slice(0, 7);

/** Claims of the months by clients on whom nothing else is planted, each once. */
function finder(bench: Bench, billing: Billing) {
  const people = new Map(bench.population.people.map((person) => [person.client.id, person]));
  return (provider: string, holds: (claim: WorldClaim, person: Person) => boolean): WorldClaim | null => {
    const list = billing.ofProvider(provider);
    if (list.length === 0) return null;
    const first = bench.random.int(0, list.length - 1);
    for (let step = 0; step < list.length; step++) {
      const claim = list[(first + step * 7919) % list.length]!;
      const person = people.get(claim.clientId);
      if (person === undefined || claim.unit !== undefined || claim.kind !== undefined || claim.orderId === undefined)
        continue;
      if (bench.unjoined.has(person) || !bench.free(person, [monthOfClaim(claim)]) || person.diedAt !== undefined)
        continue;
      // Where services share visits, a line for one of them says little.
      if (person.needs.some(({ services }) => services.length > 1 && services.includes(claim.service))) continue;
      // Of days on which a source was silent nothing can be said; nor of those beside them, until it was heard again.
      if (!bench.heard(atMinute(dayOfDate(claim.from), -60), atMinute(dayOfDate(claim.to) + 1, 60))) continue;
      if (!holds(claim, person)) continue;
      bench.reserve(person, [monthOfClaim(claim)]);
      return claim;
    }
    return null;
  };
}

type Finder = ReturnType<typeof finder>;

const about = (claim: WorldClaim) => ({
  client: claim.clientId,
  provider: claim.providerId,
  unit: claim.unitId,
  from: claim.from,
  through: claim.to,
  records: [claimRecord(claim)],
});

/** Several lines of one thing: some day of them, and all records. */
const spanOf = (claims: readonly WorldClaim[]) => ({
  from: claims.map(({ from }) => from).sort()[0]!,
  through: claims
    .map(({ to }) => to)
    .sort()
    .at(-1)!,
  records: claims.map(claimRecord),
});

/** What is asked for from now on. */
function restate(claim: WorldClaim, change: Partial<Pick<WorldClaim, "minutes" | "unitPriceOre">>): number {
  const before = claim.amountOre;
  Object.assign(claim, change);
  claim.amountOre = oreOf(claim.minutes, claim.unitPriceOre);
  return claim.amountOre - before;
}

const worked = (billing: Billing, claim: WorldClaim) => billing.days(claim).length > 0 && claim.minutes >= 15;

/** Nothing was declined in its days, which would be paid by what was planned. */
const attended = (bench: Bench, { from, to, service }: WorldClaim, person: Person) =>
  bench
    .ofPerson(person)
    .every(
      (one) =>
        formatDay(dateOf(one)) < from ||
        formatDay(dateOf(one)) > to ||
        !headOf(one).services.includes(service) ||
        headOf(one).status === "completed",
    );

function plantExceeding(bench: Bench, billing: Billing, find: Finder) {
  const { random } = bench;
  const rule = "claim-exceeds-payable";
  bench.plant(everyProvider, (provider, number) => {
    const { standard } = bench.organisation.agreements.get(provider)!;
    // Where a visit counts for a set time, what was registered says little.
    const claim = find(
      provider,
      (one, person) => worked(billing, one) && standard[one.service] === undefined && attended(bench, one, person),
    );
    if (claim === null) return false;
    // One line, or all of the client's lines of a month.
    const lines =
      number % 3 === 2
        ? billing
            .of(claim.clientId)
            .filter(
              (one) =>
                one.unit === undefined &&
                one.providerId === provider &&
                one.service === claim.service &&
                monthOfClaim(one) === monthOfClaim(claim) &&
                worked(billing, one),
            )
        : [claim];
    const before = lines.reduce((sum, one) => sum + one.minutes, 0);
    let amountOre = 0;
    for (const one of lines)
      amountOre += restate(one, { minutes: one.minutes + Math.max(random.int(12, 25), Math.round(one.minutes * 0.3)) });
    const minutes = lines.reduce((sum, one) => sum + one.minutes, 0) - before;
    const what = `Fakturerat ${minutes} minuter mer än vad som registrerats`;
    const intensity = lines.length > 2 ? "month" : "visit";
    bench.label({ rule, planted: true, intensity, what, minutes, amountOre, ...about(claim), ...spanOf(lines) });
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    // Half of a declined visit's minutes may have been rounded up already.
    const whole = (one: WorldClaim, person: Person) =>
      worked(billing, one) && one.minutes >= 20 && attended(bench, one, person);
    const claim = find(provider, whole);
    if (claim === null) return false;
    restate(claim, { minutes: claim.minutes + 1 });
    bench.label({ rule, planted: false, what: "En minut mer än registrerat", ...about(claim) });
    return true;
  });
}

function plantUnbilled(bench: Bench, billing: Billing, find: Finder) {
  const rule = "unbilled-visit";
  const month = bench.months[0];
  if (month === undefined) return;
  const linesOf = (claim: WorldClaim) =>
    billing
      .of(claim.clientId)
      .filter(
        (one) =>
          one.unit === undefined &&
          one.service === claim.service &&
          one.providerId === claim.providerId &&
          monthOfClaim(one) === month,
      );
  const visitsOf = (lines: readonly WorldClaim[]) => {
    const person = bench.population.people.find(({ client }) => client.id === lines[0]!.clientId)!;
    return bench
      .ofPerson(person)
      .filter(
        (one) =>
          headOf(one).services.includes(lines[0]!.service) &&
          bench.monthOf(one) === month &&
          headOf(one).status === "completed",
      );
  };
  // Where people are billed whom nobody has joined, whoever is never billed may be one of them.
  const strangers = new Set([...bench.unjoined].map(({ team }) => team.provider.id));
  const told = (claim: WorldClaim) =>
    !strangers.has(claim.providerId) ||
    billing
      .of(claim.clientId)
      .some(
        (one) =>
          one.providerId === claim.providerId &&
          one.service !== claim.service &&
          monthOfClaim(one) === month &&
          worked(billing, one),
      );
  bench.plant(everyProvider, (provider) => {
    const claim = find(provider, (one) => monthOfClaim(one) === month && worked(billing, one) && told(one));
    if (claim === null) return false;
    const lines = linesOf(claim);
    for (const one of lines) billing.drop(one);
    const minutes = lines.reduce((sum, one) => sum + one.minutes, 0);
    const amountOre = lines.reduce((sum, one) => sum + one.amountOre, 0);
    bench.label({
      rule,
      planted: true,
      intensity: "month",
      what: `${claim.service} under månaden har aldrig fakturerats`,
      client: claim.clientId,
      provider,
      ...periodOf(month),
      minutes,
      amountOre,
      records: visitsOf(lines).map(visitRecord),
    });
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    const claim = find(provider, (one) => monthOfClaim(one) === month && worked(billing, one));
    if (claim === null) return false;
    const lines = linesOf(claim);
    const next = daysOfMonth(month).last + 1;
    const later = daysOfMonth(formatDay(next).slice(0, 7)).last + 3;
    for (const one of lines)
      Object.assign(one, { at: atMinute(later, 640), invoiceId: `F-${formatDay(next).slice(0, 7)}-${provider}` });
    const what = "Fakturerades en månad senare";
    const records = visitsOf(lines).map(visitRecord);
    bench.label({
      rule,
      planted: false,
      intensity: "month",
      what,
      client: claim.clientId,
      provider,
      ...periodOf(month),
      records,
    });
    return true;
  });
}

function plantDuplicated(bench: Bench, billing: Billing, find: Finder) {
  const rule = "claim-duplicated";
  // Two lines of one invoice may be two visits, where so many are ordered for a day.
  const alone = ({ service }: WorldClaim, { orders }: Person) =>
    orders.flatMap(({ versions }) => versions.at(-1)!.lines.filter((line) => line.service === service)).length === 1;
  bench.plant(everyProvider, (provider, number) => {
    const claim = find(provider, (one, person) => worked(billing, one) && (number % 2 === 1 || alone(one, person)));
    if (claim === null) return false;
    const copy = billing.add(claim);
    copy.at = claim.at + (number % 2 === 0 ? 0 : 86_400_000);
    copy.invoiceId = number % 2 === 0 ? claim.invoiceId : `${claim.invoiceId}-2`;
    const { minutes, amountOre } = copy;
    const what = number % 2 === 0 ? "Samma rad två gånger på fakturan" : "Samma rad en gång till på nästa faktura";
    const records = [claim, copy].map(claimRecord);
    bench.label({ rule, planted: true, intensity: "visit", what, minutes, amountOre, ...about(claim), records });
    bench.label({ rule: "claim-exceeds-payable", planted: true, optional: true, what, ...about(claim), records });
    return true;
  });
  // Those who bill by the day may bill each visit of the day.
  const daily = everyProvider.filter((id) => bench.organisation.agreements.get(id)?.daily === true);
  bench.plant([...daily, ...everyProvider], (provider, number) => {
    if (number % 2 === 0) {
      const visits = (one: WorldClaim, person: Person) =>
        bench
          .ofPerson(person)
          .filter((visit) => dateOf(visit) === dayOfDate(one.from) && headOf(visit).services.includes(one.service));
      let part = 0;
      const claim = find(provider, (one, person) => {
        const [a, b, more] = visits(one, person);
        part = a === undefined ? 0 : Math.round(minutesOf(a));
        const two = b !== undefined && more === undefined && minutesOf(b) !== part;
        return two && one.from === one.to && Math.round(part + minutesOf(b)) === one.minutes;
      });
      if (claim === null) return false;
      const other = billing.add({ ...claim, minutes: part, amountOre: oreOf(part, claim.unitPriceOre) });
      restate(claim, { minutes: claim.minutes - part });
      const what = "Dagens två besök fakturerade på var sin rad";
      bench.label({ rule, planted: false, what, ...about(claim), records: [claim, other].map(claimRecord) });
      return true;
    }
    const claim = find(provider, (one) => worked(billing, one));
    if (claim === null) return false;
    const credit = billing.add({ ...claim, kind: "credit", correctsId: claim.id });
    const again = billing.add(claim);
    for (const [step, one] of [credit, again].entries()) one.at = claim.at + (step + 1) * 3_600_000;
    const what = "Raden krediterades och skrevs om";
    bench.label({ rule, planted: false, what, ...about(claim), records: [claim, credit, again].map(claimRecord) });
    return true;
  });
}

function plantPrices(bench: Bench, billing: Billing, find: Finder) {
  const { random } = bench;
  const { agreements } = bench.organisation;
  const banded = everyProvider.filter((id) => (agreements.get(id)?.bands.length ?? 0) > 0);
  const bandRule = "claim-wrong-band";
  const played = { case: "wrong price band and second helper" as const };
  bench.plant(
    banded,
    (provider, number) => {
      const agreement = agreements.get(provider)!;
      // Also who was not at home in the evening was visited then.
      const byDay = (person: Person, { service, from }: WorldClaim) =>
        bench
          .ofPerson(person)
          .filter((one) => dateOf(one) === dayOfDate(from) && headOf(one).services.includes(service))
          .every((one) => agreement.bandAt(dateOf(one), minuteOfDay(startOf(one))) === undefined);
      const claim = find(
        provider,
        (one, person) =>
          worked(billing, one) &&
          one.band === undefined &&
          one.from === one.to &&
          byDay(person, one) &&
          billing.of(one.clientId).every((other) => other.band === undefined || other.from !== one.from),
      );
      if (claim === null) return false;
      // One line, or all that the client had by day in the month.
      const lines =
        number % 3 === 2
          ? billing
              .of(claim.clientId)
              .filter(
                (one) =>
                  one.unit === undefined &&
                  one.providerId === provider &&
                  one.band === undefined &&
                  monthOfClaim(one) === monthOfClaim(claim) &&
                  one.service === claim.service &&
                  !billing
                    .of(claim.clientId)
                    .some(
                      (other) => other.band !== undefined && other.from === one.from && other.service === one.service,
                    ),
              )
          : [claim];
      const { name } = agreement.bands[0]!;
      let amountOre = 0;
      for (const one of lines) {
        one.band = name;
        amountOre += restate(one, { unitPriceOre: agreement.ore(dayOfDate(one.from), name) });
      }
      const what = `Fakturerat som ${name}, men besöket var en vardag på dagen`;
      const intensity = lines.length > 2 ? "month" : "visit";
      bench.label({
        rule: bandRule,
        planted: true,
        intensity,
        what,
        amountOre,
        ...played,
        ...about(claim),
        ...spanOf(lines),
      });
      return true;
    },
    bench.count + 1,
  );
  let twins = 0;
  for (const provider of banded) {
    for (const claim of billing.ofProvider(provider)) {
      if (claim.band === undefined || twins >= 2 * bench.count) continue;
      const other = billing
        .of(claim.clientId)
        .find(
          (one) =>
            one !== claim &&
            one.from === claim.from &&
            one.service === claim.service &&
            one.band === undefined &&
            one.unit === undefined,
        );
      const person = bench.population.people.find(({ client }) => client.id === claim.clientId);
      if (other === undefined || person === undefined || !bench.free(person, [monthOfClaim(claim)])) continue;
      const crossing = bench
        .ofPerson(person)
        .some(
          (one) =>
            dateOf(one) === dayOfDate(claim.from) &&
            headOf(one).services.includes(claim.service) &&
            startOf(one) < atMinute(dateOf(one), 1080) &&
            endOf(one) > atMinute(dateOf(one), 1080),
        );
      if (!crossing) continue;
      twins++;
      bench.reserve(person, [monthOfClaim(claim)]);
      const what = "Besöket gick över kvällens början och är delat på två rader";
      bench.label({
        rule: bandRule,
        planted: false,
        what,
        ...played,
        ...about(claim),
        records: [claim, other].map(claimRecord),
      });
    }
    const claim = find(provider, (one) => one.band !== undefined && worked(billing, one));
    if (claim !== null)
      bench.label({
        rule: bandRule,
        planted: false,
        what: "Kväll eller helg, med kvällens eller helgens pris",
        ...played,
        ...about(claim),
      });
  }

  const rule = "claim-wrong-price";
  bench.plant(everyProvider, (provider) => {
    const claim = find(provider, (one) => worked(billing, one));
    if (claim === null) return false;
    const percent = random.int(3, 9);
    const amountOre = restate(claim, { unitPriceOre: Math.round(claim.unitPriceOre * (1 + percent / 100)) });
    bench.label({
      rule,
      planted: true,
      intensity: "visit",
      what: `Pris ${percent} procent över avtalets`,
      amountOre,
      ...about(claim),
    });
    return true;
  });
  const raised = everyProvider.filter((id) => {
    const agreement = agreements.get(id);
    return agreement?.ore(bench.from, undefined) !== agreement?.ore(bench.through, undefined);
  });
  bench.plant([...raised, ...raised, ...everyProvider], (provider) => {
    const changes = raised.includes(provider);
    const base = agreements.get(provider)!.ore(bench.from, undefined);
    const claim = find(
      provider,
      (one) => worked(billing, one) && (changes ? one.unitPriceOre > base : one.band === undefined),
    );
    if (claim === null) return false;
    const what = changes ? "Det nya priset, efter att det höjts" : "Avtalets pris";
    bench.label({ rule, planted: false, what, ...about(claim) });
    return true;
  });
}

/** A service that the contract does not include, given and billed. */
function plantOutside(bench: Bench) {
  const rule = "claim-outside-contract";
  const service = "fonster";
  const bill = (one: Happening, billing: Billing): WorldClaim => {
    const { person, worker, visit } = one;
    const provider = worker.team.provider.id;
    const agreement = bench.organisation.agreements.get(provider)!;
    const minutes = Math.round(minutesOf(one));
    const date = formatDay(dateOf(one));
    const unitPriceOre = agreement.ore(dateOf(one), undefined);
    const month = date.slice(0, 7);
    return billing.add({
      id: "",
      at: atMinute(daysOfMonth(month).last + 3, 620),
      invoiceId: `F-${month}-${provider}`,
      providerId: provider,
      unitId: visit.unitId,
      clientId: person.client.id,
      ...(visit.orderId !== undefined && { orderId: visit.orderId }),
      service,
      from: date,
      to: date,
      minutes,
      unitPriceOre,
      amountOre: oreOf(minutes, unitPriceOre),
    });
  };
  const limited = everyProvider.filter(
    (id) => bench.organisation.agreements.get(id)?.contract.services?.includes(service) === false,
  );
  bench.plant(limited, (provider) => {
    const agreement = bench.organisation.agreements.get(provider)!;
    const one = bench.find(
      provider,
      (visit) =>
        bench.plain(visit) &&
        minutesOf(visit) >= 20 &&
        !bench.unjoined.has(visit.person) &&
        agreement.bandAt(dateOf(visit), 600) === undefined &&
        visit.need!.minute < 1000,
    );
    if (one === null) return false;
    bench.touch([one]);
    headOf(one).services = [service];
    one.unclaimed = true;
    bench.later.push((billing) => {
      const claim = bill(one, billing);
      const what = "Fönsterputs ingår inte i utförarens avtal";
      bench.label({
        rule,
        planted: true,
        intensity: "visit",
        what,
        minutes: claim.minutes,
        amountOre: claim.amountOre,
        ...about(claim),
      });
      for (const other of ["claim-exceeds-payable", "claim-without-visit"])
        bench.label({ rule: other, planted: true, optional: true, what, ...about(claim) });
    });
    const what = "Fönsterputs, som varken är beställd eller ingår i avtalet";
    bench.label(
      { rule: "service-not-ordered", planted: true, intensity: "visit", what, client: one.person.client.id, provider },
      one,
    );
    return true;
  });
  // The municipality's own units may be given everything.
  bench.plant(["P1", "P2"], (provider) => {
    const helped = newClient(bench, teamOf(bench, provider), { service, minutes: 90, per: "week", weekdays: [3] });
    const visits = serveDays(bench, helped, bench.from, bench.through, 720, {}, (day) => (day + 3) % 7 === 2);
    bench.later.push((billing) => {
      const claims = billing.of(helped.person.client.id);
      const records = claims.map(claimRecord);
      const client = helped.person.client.id;
      const what = "Fönsterputs hos en enhet vars uppdrag omfattar den";
      if (claims.length > 0)
        bench.label({ rule, planted: false, what, client, provider, ...period(bench.from, bench.through), records });
    });
    return visits.length > 0;
  });
}

function plantDeclinedInFull(bench: Bench, find: Finder) {
  const rule = "declined-claimed-in-full";
  const declined = (claim: WorldClaim, person: Person): Happening | undefined => {
    if (claim.from !== claim.to) return undefined;
    const day = bench
      .ofPerson(person)
      .filter((one) => dateOf(one) === dayOfDate(claim.from) && headOf(one).services.includes(claim.service));
    return day.length === 1 && headOf(day[0]!).status === "declined" && headOf(day[0]!).services.length === 1
      ? day[0]
      : undefined;
  };
  const someone = (provider: string) => {
    let visit: Happening | undefined;
    const claim = find(provider, (one, person) => {
      visit = declined(one, person);
      return visit !== undefined && visit.plan !== null;
    });
    return claim === null || visit === undefined ? null : ([claim, visit] as const);
  };
  bench.plant(everyProvider, (provider) => {
    const found = someone(provider);
    if (found === null) return false;
    const [claim, visit] = found;
    const { start, end } = visit.plan!.versions.at(-1)!;
    const before = claim.minutes;
    const amountOre = restate(claim, { minutes: Math.round((end - start) / MINUTE) });
    const what = "Avböjt besök fakturerat som om det hade utförts";
    bench.label({
      rule,
      planted: true,
      intensity: "visit",
      what,
      minutes: claim.minutes - before,
      amountOre,
      ...about(claim),
      records: [claimRecord(claim), visitRecord(visit)],
    });
    bench.label({ rule: "claim-exceeds-payable", planted: true, optional: true, what, ...about(claim) });
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    const found = someone(provider);
    if (found === null) return false;
    const [claim, visit] = found;
    const what = "Avböjt besök fakturerat till hälften, som avtalet säger";
    bench.label({ rule, planted: false, what, ...about(claim), records: [claimRecord(claim), visitRecord(visit)] });
    return true;
  });
}

/** Where minutes are rounded, visits end just past the half. */
export function plantRounding(bench: Bench) {
  const rule = "rounding-gain";
  const [first] = bench.months;
  const month = bench.months.at(-1);
  const rounded = everyProvider.filter((id) => (bench.organisation.agreements.get(id)?.roundTo ?? 0) > 0);
  for (const provider of rounded) {
    if (month === undefined || first === undefined) continue;
    let gained = 0;
    for (const one of bench.allOf(provider)) {
      const { visit, need } = one;
      if (bench.monthOf(one) !== month || !bench.calm(one) || need?.lines.length !== 1) continue;
      if (visit.versions.length > 1 || headOf(one).status !== "completed" || headOf(one).end === null) continue;
      // Two leave together.
      if (need.staffing === 2) continue;
      const minutes = minutesOf(one);
      // On to the next, or back to the one before where somebody waits.
      const ends = [[-2], [2, -3], [1, -4], [0], [-1]][Math.floor(minutes) % 5]!.map(
        (more) => startOf(one) + (minutes + more) * MINUTE,
      );
      const end = ends.find(
        (at) =>
          at >= startOf(one) + 8 * MINUTE &&
          (at <= endOf(one) ||
            (bench.workerFree(one.worker, one.person.place, startOf(one), at, [one]) &&
              bench.personFree(one.person, startOf(one), at, [one]))),
      );
      if (end === undefined) continue;
      const head = headOf(one);
      head.at += end - head.end!;
      head.end = end;
      gained += 2;
      bench.keep([one]);
    }
    const what = "Besöken slutar just där avrundningen ger mer";
    const whole = bench.allOf(provider).filter((one) => bench.monthOf(one) === month).length;
    // Of months in which much else has happened too few visits are left.
    const few = gained < 1.3 * whole;
    const label = {
      rule,
      planted: true,
      intensity: "unit" as const,
      what,
      provider,
      ...periodOf(month),
      minutes: gained,
    };
    bench.label(few ? { ...label, optional: true } : label);
    for (const other of bench.months.slice(0, -1)) {
      const usual = "Avrundningen ger lika ofta mindre som mer";
      bench.label({ rule, planted: false, intensity: "unit", what: usual, provider, ...periodOf(other) });
    }
  }
  for (const provider of everyProvider.filter((id) => !rounded.includes(id))) {
    if (month !== undefined)
      bench.label({
        rule,
        planted: false,
        intensity: "unit",
        what: "Ingen avrundning i avtalet",
        provider,
        ...periodOf(month),
      });
  }
}

/** Meals to the door, counted by whoever cooks them and billed by whoever brings them. */
function plantMeals(bench: Bench) {
  const { random } = bench;
  const rule = "meal-overclaimed";
  const service = "matlada";
  const people = everyProvider.flatMap((provider) =>
    random
      .shuffled(
        bench.population.people.filter(
          (person) =>
            person.team.provider.id === provider &&
            person.stays.length === 0 &&
            person.from === bench.from &&
            person.through === bench.through &&
            person.client.ids.files !== undefined &&
            !bench.unjoined.has(person) &&
            person.orders.length > 0,
        ),
      )
      .slice(0, bench.count)
      .map((person) => ({ person, provider })),
  );
  let number = 0;
  for (const month of bench.months) {
    const { first, last } = daysOfMonth(month);
    for (const { person, provider } of people) {
      number++;
      const quantity = random.int(18, last - first + 1);
      const { unit } = person.team;
      const common = { clientId: person.client.id, unitId: unit.id, from: formatDay(first), to: formatDay(last) };
      const meal: WorldMeal = {
        id: `mat-${number}`,
        at: atMinute(last + 1, 540),
        ...common,
        kind: "matlåda",
        quantity,
      };
      bench.meals.push(meal);
      const planted = number % 9 === 4;
      const billed = quantity + (planted ? random.int(4, 9) : 0);
      const { mealOre } = bench.organisation.agreements.get(provider)!;
      const claim: WorldClaim = {
        id: `fr-mat-${number}`,
        at: atMinute(last + 3, 625),
        invoiceId: `F-${month}-${provider}`,
        providerId: provider,
        ...common,
        service,
        minutes: 0,
        unit: "C62",
        quantity: billed,
        unitPriceOre: mealOre,
        amountOre: billed * mealOre,
      };
      bench.claims.push(claim);
      const what = planted
        ? `${billed} måltider fakturerade, ${quantity} levererade`
        : `${quantity} måltider, alla levererade`;
      const stake = planted ? { amountOre: (billed - quantity) * mealOre } : {};
      bench.label({ rule, planted, intensity: "month", what, ...stake, ...about(claim) });
    }
  }
}

function plantDuringAbsence(bench: Bench, billing: Billing) {
  const rule = "claim-during-absence";
  const { agreements } = bench.organisation;
  let planted = 0;
  for (const person of bench.random.shuffled(bench.population.people)) {
    const stay = person.stays.find(({ from, to }) => (to ?? 0) - from > 4 * 86_400_000);
    const need = person.needs.find(
      (one) => one.lines[0]!.per === "day" && one.team === person.team && one.lines.length === 1 && one.staffing === 1,
    );
    if (stay === undefined || need === undefined || bench.unjoined.has(person) || planted >= 2 * bench.count) continue;
    const provider = need.team.provider.id;
    const agreement = agreements.get(provider)!;
    if (!everyProvider.includes(provider) || (agreement.absencePercent.length > 0 && !stay.planned)) continue;
    const day = someDay(
      bench,
      person,
      dayOf(stay.from) + 2,
      dayOf(stay.to ?? stay.from) - 2,
      need.order.versions[0]!.validFrom,
    );
    if (
      day === null ||
      !bench.heard(atMinute(day - 1, 720), atMinute(day + 1, 720)) ||
      !occurs(need.lines[0]!, need.orderedFrom, day) ||
      !bench.free(person, [formatDay(day).slice(0, 7)])
    )
      continue;
    planted++;
    bench.reserve(person, [formatDay(day).slice(0, 7)]);
    const band = agreement.bandAt(day, need.minute % 1440);
    const unitPriceOre = agreement.ore(day, band);
    const { minutes } = need;
    const claim = billing.add({
      id: "",
      at: atMinute(daysOfMonth(formatDay(day).slice(0, 7)).last + 3, 630),
      invoiceId: `F-${formatDay(day).slice(0, 7)}-${provider}`,
      providerId: provider,
      unitId: need.team.unit.id,
      clientId: person.client.id,
      orderId: need.order.id,
      service: need.services[0]!,
      from: formatDay(day),
      to: formatDay(day),
      minutes,
      unitPriceOre,
      amountOre: oreOf(minutes, unitPriceOre),
      ...(band !== undefined && { band }),
    });
    const what = stay.kind === "hospital" ? "Fakturerat en dag på sjukhus" : "Fakturerat en dag då brukaren var borta";
    bench.label({
      rule,
      planted: true,
      intensity: "visit",
      what,
      minutes,
      amountOre: claim.amountOre,
      ...about(claim),
    });
    for (const other of ["claim-without-visit", "claim-exceeds-payable"])
      bench.label({ rule: other, planted: true, optional: true, what, ...about(claim) });
  }
  // Where the contract pays the first days of what nobody could plan for.
  for (const person of bench.population.people) {
    for (const stay of person.stays) {
      for (const claim of billing.of(person.client.id)) {
        const pays = (agreements.get(claim.providerId)?.absencePercent.length ?? 0) > 0;
        if (!pays || claim.unit !== undefined || claim.from !== claim.to || billing.days(claim).length > 0) continue;
        const at = atMinute(dayOfDate(claim.from), 720);
        if (at < stay.from || at > (stay.to ?? Infinity) || stay.planned) continue;
        for (const other of [rule, "claim-without-visit"])
          bench.label({ rule: other, planted: false, what: "Betald del av en oplanerad frånvaro", ...about(claim) });
      }
    }
  }
}

/** A day between the two on which nobody came, and no outage hides it. */
function someDay(bench: Bench, person: Person, from: Day, through: Day, validFrom: string): Day | null {
  const visited = new Set(bench.ofPerson(person).map(dateOf));
  for (let day = from; day <= through; day++) {
    const heard = bench.heard(atMinute(day, 0), atMinute(day + 1, 0));
    if (!visited.has(day) && heard && day >= bench.from && day <= bench.through && day >= dayOfDate(validFrom))
      return day;
  }
  return null;
}

/** What is wrong with invoices, or only looks so; the lines themselves are changed when they have been made. */
export function plantInvoices(bench: Bench) {
  plantOutside(bench);
  plantMeals(bench);
  bench.later.push((billing) => {
    const find = finder(bench, billing);
    plantDeclinedInFull(bench, find);
    plantDuringAbsence(bench, billing);
    plantPrices(bench, billing, find);
    plantUnbilled(bench, billing, find);
    plantExceeding(bench, billing, find);
    plantDuplicated(bench, billing, find);
  });
}
