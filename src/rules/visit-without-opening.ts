import { z } from "zod";
import {
  at,
  cut,
  defineRule,
  example,
  formatDay,
  type Hit,
  type LockEvents,
  median,
  MINUTE,
  type ProviderMonthSlice,
  sample,
  type Visits,
} from "#rule";

/**
 * Six homes with locks and thirty visits each in October; the door of C1 was not opened at so many of them, that of each
 * other home at one.
 */
function month(
  unopened: number,
  {
    proof = "phone",
    homes = 6,
    others = 1,
    event = "opened" as string | null,
    count = 30,
    apart = false,
    service = "omvardnad",
  } = {},
) {
  return example([
    sample("units", "U3"),
    sample("services", "ledsagning", { kind: "escort", away: true }),
    ...Array.from({ length: homes }, (_, home) => sample("clients", `C${home + 1}`)),
    ...Array.from({ length: homes }, (_, home) =>
      Array.from({ length: count }, (_unused, day) => {
        const start = at(`2026-10-${String(day + 1).padStart(2, "0")} 08:00`, home * 60);
        const shut = day > 0 && day <= (home === 0 ? unopened : others);
        const name = shut && home === 0 && event !== "opened" ? event : "opened";
        return [
          sample("visits", `v-${home}-${day}`, {
            clientId: `C${home + 1}`,
            unitId: apart && home > 0 ? "U3" : "U1",
            start,
            services: [shut && home === 0 ? service : "omvardnad"],
            startProof: shut ? proof : "phone",
            endProof: shut ? proof : "phone",
          }),
          ...(shut && name === "opened"
            ? []
            : [sample("lock-events", `l-${home}-${day}`, { clientId: `C${home + 1}`, at: start, event: name })]),
        ];
      }).flat(),
    ).flat(),
  ]);
}

export default defineRule({
  id: "visit-without-opening",
  version: 2,
  level: "pattern",
  scope: "provider-month",
  title: { sv: "Besök utan att dörren öppnats", en: "Visits without the door being opened" },
  why: "Bostaden har ett lås som minns, men många besök är registrerade utan att dörren öppnades. Ingen kan ha varit inne.",
  remedy: "Fråga utföraren hur personalen kom in. Öppnar brukaren själv: lägg in ett undantag med slutdatum.",
  innocent: {
    onSite: "Besöket är kvitterat i bostaden på annat sätt, till exempel med taggen i hallen: brukaren öppnade själv.",
    lockFailed: "Låset svarade inte: ett misslyckat försök att öppna finns.",
  },
  reads: ["visits", "services", "lockEvents", "peers"],
  parameters: z.object({
    minutesAround: z.int().min(0).default(15).describe("Så nära besöket hör en låshändelse till det."),
    timesMedianAbove: z
      .number()
      .min(1)
      .default(3)
      .describe("Gånger medianen för andra bostäder med lås: enhetens, där de är för få utförarens, annars alla."),
    percentMin: z.number().min(0).max(100).default(20).describe("Lägre andel besök utan öppning rapporteras inte."),
    visitsMin: z.int().min(1).default(20).describe("Färre besök under månaden säger för lite."),
    unopenedMin: z.int().min(1).default(5).describe("Färre besök utan öppning säger för lite."),
    otherHomesMin: z.int().min(1).default(3).describe("Så många andra bostäder med lås behövs att jämföra med."),
  }),
  examples: () => ({
    // Six of thirty are 20 %; the others have 3.3 %.
    reports: [month(6), month(24), month(6, { apart: true })],
    accepts: [
      month(5),
      month(9, { others: 3 }),
      // She opens herself, and the tag in the hall was read.
      month(24, { proof: "nfc" }),
      month(24, { event: "failed" }),
      month(9, { service: "ledsagning" }),
      month(24, { homes: 3 }),
      month(18, { count: 19 }),
    ],
  }),
  evaluate(
    { visits, services, lockEvents, peers, slice },
    { minutesAround, timesMedianAbove, percentMin, visitsMin, unopenedMin, otherHomesMin },
    report,
  ) {
    const hits: Hit[] = [];
    const margin = minutesAround * MINUTE;
    const all = peers.of("homes", slice, ({ visits: rows }: ProviderMonthSlice) => {
      const homes = new Map<number, Home>();
      for (let i = 0; i < rows.length; i++) look(homes, rows[i]!);
      return homes;
    });
    const share = ({ visits: count, unopened }: Home): number => (100 * unopened.length) / count;
    for (const [client, home] of all.get(slice.provider)!) {
      if (home.onSite.length >= unopenedMin) report.suppressed("onSite", home.onSite);
      if (home.failed.length >= unopenedMin) report.suppressed("lockFailed", home.failed);
      if (home.visits < visitsMin || home.unopened.length < unopenedMin || share(home) < percentMin) continue;
      const others = [...all].flatMap(([provider, homes]) =>
        [...homes]
          .filter(([other, { visits: count }]) => other !== client && count >= visitsMin)
          .map(([, other]) => ({ provider, unit: other.unit, share: share(other) })),
      );
      // The nearest that are enough.
      const [near] = [
        { whose: "enhetens", homes: others.filter(({ unit }) => unit === home.unit) },
        { whose: "utförarens", homes: others.filter(({ provider }) => provider === slice.provider) },
        { whose: "kommunens", homes: others },
      ].filter(({ homes }) => homes.length >= otherHomesMin);
      if (near === undefined) {
        report.tooLittleData("för få bostäder med lås att jämföra med");
        continue;
      }
      const usual = median(near.homes.map((other) => other.share));
      if (share(home) <= timesMedianAbove * usual) continue;
      hits.push({
        records: home.unopened,
        client,
        unit: home.unit,
        distinct: "client",
        minutes: home.unopened.reduce((sum, row) => sum + visits.minutes(row), 0),
        reason:
          `Vid ${home.unopened.length} av ${home.visits} besök under ${formatDay(slice.firstDay).slice(0, 7)} öppnades aldrig brukarens dörr. ` +
          `För ${near.whose} andra bostäder med lås är det i mitten ${String(cut(usual)).replace(".", ",")} %.`,
        evidence: {
          "besök utan öppning, procent ≥": [cut(share(home)), percentMin],
          "besök utan öppning ≥": [home.unopened.length, unopenedMin],
          [`gånger medianen för ${near.whose} andra bostäder >`]: [
            usual === 0 ? "de andra har inga" : cut(share(home) / usual),
            timesMedianAbove,
          ],
          "andra bostäder med lås ≥": [near.homes.length, otherHomesMin],
          "kvitterade i bostaden på annat sätt": home.onSite.length,
        },
      });
    }

    function look(homes: Map<number, Home>, row: number): void {
      // Whoever was met in town opened no door.
      if (!visits.usable(row) || services.anyAway(visits.services(row))) return;
      const client = visits.client(row);
      const first = lockEvents.byClient.offsets[client]!;
      // A home has a lock from the first time that it says something.
      if (first === lockEvents.byClient.offsets[client + 1]) return;
      if (lockEvents.at(lockEvents.byClient.rows[first]!) > visits.start(row) + margin) return;
      let home = homes.get(client);
      if (home === undefined) {
        homes.set(client, (home = { unit: visits.unit(row), visits: 0, unopened: [], onSite: [], failed: [] }));
      }
      const heard = eventNear(lockEvents, client, visits.start(row) - margin, visits.end(row) + margin);
      home.visits++;
      if (heard === "moved" || visits.startProof(row) === "lock" || visits.endProof(row) === "lock") return;
      if (heard === "failed") home.failed.push(row);
      else if (provenOnSite(visits, row)) home.onSite.push(row);
      else home.unopened.push(row);
    }
    return hits;
  },
});

interface Home {
  unit: number;
  visits: number;
  unopened: number[];
  onSite: number[];
  failed: number[];
}

/** Something that is read only at the home was read, or the phone was there. */
function provenOnSite(visits: Visits, row: number): boolean {
  const [start, end] = [visits.startProof(row), visits.endProof(row)];
  return start === "nfc" || end === "nfc" || start === "bluetooth" || end === "bluetooth" || visits.grade(row) >= 3;
}

/** What the lock said in the time: that it moved, that it could not, or nothing. */
function eventNear(lockEvents: LockEvents, client: number, from: number, until: number): "moved" | "failed" | null {
  const { offsets, rows } = lockEvents.byClient;
  let low = offsets[client]!;
  let high = offsets[client + 1]!;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lockEvents.at(rows[middle]!) < from) low = middle + 1;
    else high = middle;
  }
  let failed = false;
  for (let i = low; i < offsets[client + 1]! && lockEvents.at(rows[i]!) <= until; i++) {
    if (lockEvents.event(rows[i]!) !== "failed") return "moved";
    failed = true;
  }
  return failed ? "failed" : null;
}
