import { z } from "zod";
import { at, defineRule, example, formatLocal, type Hit, MINUTE, sample } from "#rule";

function againAfter(minutes: number, { staffId = "S1", source = "files" } = {}) {
  return example([
    sample("visits", "v-1", { start: "08:00", end: "08:30" }),
    sample("visits", "v-2", { staffId, start: at("08:00", minutes), end: "08:31" }, { source }),
  ]);
}

export default defineRule({
  id: "duplicate-visit",
  version: 2,
  level: "quality",
  scope: "client-day",
  title: { sv: "Samma besök registrerat två gånger", en: "The same visit registered twice" },
  why: "Samma tid kan räknas och betalas två gånger.",
  remedy: "Låt utföraren ta bort den ena registreringen.",
  innocent: { twoSources: "Två källor berättar om samma besök." },
  reads: ["visits"],
  parameters: z.object({
    minutesWithin: z.number().min(0).default(2).describe("Så nära varandra börjar besök som räknas som samma."),
  }),
  examples: () => ({
    reports: [
      againAfter(2),
      // The one before midnight, the other at midnight.
      example([
        sample("visits", "v-1", { start: "23:59", end: "2026-10-06 00:12" }),
        sample("visits", "v-2", { start: "2026-10-06 00:00", end: "2026-10-06 00:12" }),
      ]),
    ],
    accepts: [
      againAfter(3),
      againAfter(1, { staffId: "S2" }),
      againAfter(1, { source: "phoniro" }),
      // Two that were typed in beside one that the door's lock tells of.
      example([
        sample("clients", "C1", { personalIdentityNumber: "189001019802" }),
        sample("clients", "K1", { personalIdentityNumber: "189001019802" }, { source: "phoniro" }),
        sample("staff", "A1", { hsaId: "HSA-S1" }, { source: "phoniro" }),
        sample("visits", "v-1", { start: "08:00", startProof: "manual" }),
        sample("visits", "v-2", { start: "08:04", startProof: "manual" }),
        sample("visits", "v-3", { start: "08:02", clientId: "K1", staffId: "A1" }, { source: "phoniro" }),
      ]),
    ],
  }),
  evaluate({ visits, slice }, { minutesWithin }, report) {
    const hits: Hit[] = [];
    const { visits: rows, before } = slice;
    for (let later = 0; later < rows.length; later++) {
      const b = rows[later]!;
      for (let earlier = later - 1; earlier >= -before.length; earlier--) {
        // Past the day's first are those of the evening before.
        const a = earlier >= 0 ? rows[earlier]! : before[before.length + earlier]!;
        if (visits.start(b) - visits.start(a) > minutesWithin * MINUTE) break;
        if (visits.staff(a) < 0 || visits.staff(a) !== visits.staff(b) || !visits.performed(a) || !visits.performed(b))
          continue;
        if (visits.source(a) !== visits.source(b)) {
          report.suppressed("twoSources", [a, b]);
          continue;
        }
        hits.push({
          records: [a, b],
          minutes: Math.min(visits.minutes(a), visits.minutes(b)),
          reason: `Samma person är registrerad två gånger hos brukaren ${formatLocal(visits.start(a))}.`,
          evidence: {
            "minuter mellan besökens start ≤": [
              Math.round((visits.start(b) - visits.start(a)) / MINUTE),
              minutesWithin,
            ],
          },
        });
      }
    }
    return hits;
  },
});
