import { daysOfMonth, atMinute, formatDay, MINUTE, HOUR, monthOf } from "#model";
import type { Month } from "#model";
import { cutOffOf } from "../contracts.ts";
import { tagged } from "../days.ts";
import type { Happening } from "../days.ts";
import type { Team } from "../organisation.ts";
import { dateOf, endOf, everyProvider, headOf, minutesOf, startOf } from "./bench.ts";
import type { Bench } from "./bench.ts";

/** Someone changes the times some days later. */
function edit(one: Happening, days: number, start: number, end: number, editReason: string) {
  const before = headOf(one);
  const edited = {
    ...before,
    // Before the month is locked.
    at: Math.min(
      atMinute(dateOf(one) + days, 540 + ((one.visit.id.length * 37) % 300)),
      cutOffOf(monthOf(dateOf(one))) - 2 * HOUR,
    ),
    start,
    end,
    endProof: "manual" as const,
    originalStart: before.start,
    originalEnd: before.end!,
    editedBy: one.worker.team.workers[0]!.staff.id,
    editReason,
  };
  tagged(edited, one.person);
  one.visit.versions.push(edited);
}

function plantLengthened(bench: Bench) {
  const { random } = bench;
  const rule = "lengthened-afterwards";
  bench.plant(everyProvider, (provider) => {
    const more = random.int(15, 24);
    const visit = bench.find(provider, (one) => {
      const end = endOf(one) + more * MINUTE;
      return (
        bench.plain(one) &&
        bench.slack(one.person, bench.monthOf(one)) > more + 10 &&
        bench.workerFree(one.worker, one.person.place, startOf(one), end, [one]) &&
        bench.personFree(one.person, startOf(one), end, [one])
      );
    });
    if (visit === null) return false;
    bench.touch([visit]);
    edit(
      visit,
      random.int(1, 5),
      startOf(visit),
      endOf(visit) + more * MINUTE,
      random.pick(["fel tid", "ändrat", "glömde"]),
    );
    const what = `Besöket förlängdes med ${more} minuter i efterhand`;
    bench.label({ rule, planted: true, what, client: visit.person.client.id, provider }, visit);
    return true;
  });
  bench.plant(everyProvider, (provider, number) => {
    const visit = bench.find(
      provider,
      (one) => bench.plain(one) && minutesOf(one) >= 18 && bench.slack(one.person, bench.monthOf(one)) > 10,
    );
    if (visit === null) return false;
    bench.touch([visit]);
    const [start, end] = [startOf(visit), endOf(visit)];
    const client = visit.person.client.id;
    if (number % 3 === 0) {
      bench.retime(visit, start, end + random.int(6, 10) * MINUTE);
      edit(visit, 1, start, end, "Glömde logga ut, gick tidigare");
    } else if (number % 3 === 1)
      edit(visit, 1, start, end + 2 * MINUTE, "Loggade ut vid dörren innan jag hjälpt med jackan");
    else edit(visit, 1, start - 2 * MINUTE, end - 2 * MINUTE, "Telefonens klocka gick fel");
    const what = ["Glömd utloggning rättad kortare", "Två minuter till, med skäl", "Flyttad, lika lång"][number % 3]!;
    bench.label({ rule, planted: false, what, client, provider }, visit);
    return true;
  });
}

interface Shares {
  /** Subject and month. */
  of: (one: Happening) => string;
  manual: Map<string, number>;
  all: Map<string, number>;
}

/** Manual registrations by subject and month, kept up while visits are turned. */
function counted(bench: Bench, subject: (one: Happening) => string): Shares {
  const of = (one: Happening) => `${subject(one)} ${bench.monthOf(one)}`;
  const shares: Shares = { of, manual: new Map(), all: new Map() };
  for (const one of bench.days.happenings) {
    const key = of(one);
    shares.all.set(key, (shares.all.get(key) ?? 0) + 1);
    if (headOf(one).startProof === "manual" || headOf(one).endProof === "manual") {
      shares.manual.set(key, (shares.manual.get(key) ?? 0) + 1);
    }
  }
  return shares;
}

const allowed = ({ of, manual, all }: Shares, one: Happening, share: number) => {
  const key = of(one);
  const total = all.get(key) ?? 0;
  return total < 20 || (manual.get(key) ?? 0) + 1 <= share * total;
};

export function plantManual(bench: Bench) {
  const { random, months } = bench;
  const rule = "manual-share";
  const clients = counted(bench, ({ person }) => person.client.id);
  const providers = counted(bench, ({ worker }) => worker.team.provider.id);
  const turn = (one: Happening) => {
    if (headOf(one).startProof === "manual" || headOf(one).endProof === "manual") return;
    bench.prove(one, "manual");
    for (const { of, manual } of [clients, providers]) {
      const key = of(one);
      manual.set(key, (manual.get(key) ?? 0) + 1);
    }
  };
  const simple = (one: Happening) => one.visit.versions.length === 1;
  if (months.length === 0) return;

  // A whole unit, one month: the phones lay in a drawer.
  const lone = bench.organisation.teams.filter(({ kind, provider }) => {
    const siblings = bench.organisation.teams.filter((team) => team.provider === provider);
    return kind === "day" && provider.regime === "private" && siblings.length === 1;
  });
  const fallback = bench.organisation.teams.filter(
    ({ kind, provider }) => kind === "day" && provider.regime === "private",
  );
  const team: Team = random.pick(lone.length > 0 ? lone : fallback);
  const month: Month = random.pick(months);
  const { first, last } = daysOfMonth(month);
  const period = { from: formatDay(first), through: formatDay(last) };
  const ofTeam = bench
    .allOf(team.provider.id)
    .filter((one) => one.worker.team === team && bench.monthOf(one) === month);
  for (const one of ofTeam) if (simple(one) && random.chance(0.62)) turn(one);
  const what = "Hela enhetens besök registrerades mest för hand";
  if (lone.length > 0) {
    const label = { rule, planted: true, what, unit: team.unit.id, provider: team.provider.id, ...period };
    // Of a handful of visits nobody would say much.
    bench.label(ofTeam.length >= 300 ? label : { ...label, optional: true });
  }
  for (const worker of team.workers) {
    // Of those who also work elsewhere only a part is for hand.
    const own = bench.ofStaff(worker.staff.id).filter((one) => bench.monthOf(one) === month);
    const sure = own.length > 60 && own.every((one) => one.worker === worker);
    const label = { rule, planted: true, what, staff: worker.staff.id, provider: team.provider.id, ...period };
    if (own.length > 0) bench.label(sure ? label : { ...label, optional: true });
  }
  for (const client of new Set(ofTeam.map(({ person }) => person.client.id))) {
    bench.label({ rule, planted: true, optional: true, what, client, ...period });
  }

  /** Turns the worker's visits of a month to manual until the share is reached, sparing clients and provider. */
  const byHand = (provider: string, share: number): { staff: string; month: Month; reached: number } | null => {
    const chosen = random.pick(months);
    if (provider === team.provider.id) return null;
    const workers = bench.organisation.teams
      .filter((one) => one.provider.id === provider && one.kind === "day")
      .flatMap((one) => one.workers.filter(({ shift, onlyOn }) => shift === "day" && onlyOn === undefined));
    for (const worker of random.shuffled(workers)) {
      const list = bench.ofStaff(worker.staff.id).filter((one) => bench.monthOf(one) === chosen);
      if (list.length < 90 || worker.staff.employments.length > 1 || used.has(worker.staff.id)) continue;
      const own = list.filter((one) => headOf(one).status === "completed");
      const already = own.filter(
        (one) => headOf(one).startProof === "manual" || headOf(one).endProof === "manual",
      ).length;
      const possible = random
        .shuffled(own.filter((one) => simple(one) && headOf(one).startProof !== "manual"))
        .filter((one) => allowed(clients, one, 0.16) && allowed(providers, one, 0.16));
      const wanted = Math.round(share * own.length) - already;
      used.add(worker.staff.id);
      if (possible.length < wanted) continue;
      let turned = 0;
      for (const one of possible) {
        if (turned >= wanted) break;
        if (!allowed(clients, one, 0.16) || !allowed(providers, one, 0.17)) continue;
        turn(one);
        turned++;
      }
      const reached = (already + turned) / own.length;
      return { staff: worker.staff.id, month: chosen, reached };
    }
    return null;
  };
  const used = new Set<string>();
  const say = (planted: boolean, text: string, provider: string, made: NonNullable<ReturnType<typeof byHand>>) => {
    const days = daysOfMonth(made.month);
    const about = { from: formatDay(days.first), through: formatDay(days.last) };
    bench.label({ rule, planted, what: text, staff: made.staff, provider, ...about });
  };
  bench.plant(everyProvider, (provider) => {
    const made = byHand(provider, 0.55);
    if (made === null) return false;
    say(true, `${Math.round(made.reached * 100)} procent av personens besök registrerades för hand`, provider, made);
    return true;
  });
  bench.plant(everyProvider, (provider) => {
    const made = byHand(provider, 0.13);
    if (made === null) return false;
    say(false, `${Math.round(made.reached * 100)} procent för hand: telefonen krånglade ibland`, provider, made);
    return true;
  });
}

export function plantEdits(bench: Bench) {
  plantLengthened(bench);
}
