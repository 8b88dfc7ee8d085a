import { z } from "zod";
import { at, defineRule, example, formatClock, type Hit, home, MINUTE, sample } from "#rule";

/** So many visits in a row by S1, half an hour each, at C1, C2, C3, C1 …, with so many seconds between. */
function chainOf(
  count: number,
  { seconds = 60, building = undefined as string | undefined, known = true, service = "omvardnad" } = {},
) {
  return example([
    sample("services", "ledsagning", { kind: "escort", away: true }),
    ...(building === undefined ? [] : [sample("clients", "C2", { addresses: [home(building)] })]),
    ...(known ? [] : [sample("clients", "C2", { addresses: undefined })]),
    ...Array.from({ length: count }, (_, position) =>
      sample("visits", `v-${position}`, {
        clientId: `C${(position % 3) + 1}`,
        services: [position === 1 ? service : "omvardnad"],
        start: at("08:00", position * (30 + seconds / 60)),
        end: at("08:30", position * (30 + seconds / 60)),
      }),
    ),
  ]);
}

export default defineRule({
  id: "zero-gap-chain",
  version: 2,
  level: "indicator",
  scope: "staff-day",
  title: { sv: "Besök på olika platser utan tid emellan", en: "Visits at different places with no time between" },
  why: "Flera besök på olika platser följer på varandra utan någon restid. Restiden kan vara registrerad som besök.",
  remedy: "Fråga utföraren hur in- och utloggning går till, och jämför med lås- och tagghändelser.",
  innocent: { samePlace: "Besöken är i samma byggnad, eller högst 60 meter från varandra." },
  reads: ["visits", "clients", "services"],
  parameters: z.object({
    visitsMin: z.int().min(2).default(4).describe("Så många besök i följd."),
    minutesMax: z.number().min(0).default(1).describe("Så kort tid mellan två besök räknas som ingen."),
  }),
  examples: () => ({
    reports: [chainOf(4), chainOf(5, { seconds: 0 })],
    accepts: [
      chainOf(3),
      chainOf(4, { seconds: 90 }),
      chainOf(4, { building: "B-C1" }),
      chainOf(4, { known: false }),
      chainOf(4, { service: "ledsagning" }),
    ],
  }),
  evaluate({ visits, clients, services, slice }, { visitsMin, minutesMax }, report) {
    const hits: Hit[] = [];
    const { visits: rows, day } = slice;
    let start = 0;
    for (let next = 1; next <= rows.length; next++) {
      if (next < rows.length && follows(rows[next - 1]!, rows[next]!)) continue;
      // A run of visits without time between: only now are places looked at.
      if (next - start >= visitsMin) {
        let from = start;
        for (let b = start + 1; b <= next; b++) {
          const place =
            b === next ? undefined : clients.samePlace(visits.client(rows[b - 1]!), visits.client(rows[b]!), day);
          if (place === false) continue;
          if (b - from >= visitsMin) hits.push(chain(rows.subarray(from, b)));
          else if (place === null) report.tooLittleData("bostadens läge saknas");
          else if (place === true) report.suppressed("samePlace", [rows[b - 1]!, rows[b]!]);
          from = b;
        }
      }
      start = next;
    }

    function follows(a: number, b: number): boolean {
      const gap = visits.start(b) - visits.end(a);
      return (
        gap <= minutesMax * MINUTE &&
        gap > -MINUTE &&
        visits.usable(a) &&
        visits.usable(b) &&
        !visits.ambiguousTime(a) &&
        !visits.ambiguousTime(b) &&
        visits.client(a) !== visits.client(b) &&
        // Where somebody was escorted to, nobody says.
        !services.anyAway(visits.services(a)) &&
        !services.anyAway(visits.services(b))
      );
    }

    function chain(found: Int32Array): Hit {
      const [first, last] = [found[0]!, found[found.length - 1]!];
      return {
        records: [...found],
        minutes: null,
        reason:
          `${found.length} besök på olika platser följer på varandra mellan ${formatClock(visits.start(first))} och ` +
          `${formatClock(visits.end(last))} utan tid för någon resa.`,
        evidence: {
          "besök i följd ≥": [found.length, visitsMin] as const,
          "minuter mellan två besök ≤": minutesMax,
        },
      };
    }
    return hits;
  },
});
