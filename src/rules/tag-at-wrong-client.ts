import { z } from "zod";
import { defineRule, example, formatDay, formatLocal, type Hit, home, sample } from "#rule";

/** A visit to C1 with the tag T2, which sits at C2 since the day given. */
function tagRead({ belongsTo = "C2", from = "2026-01-01", to = undefined as string | undefined, near = false } = {}) {
  return example([
    sample("tags", "T2", { clientId: belongsTo, from, to }),
    ...(near ? [sample("clients", "C2", { addresses: [home("B-C1")] })] : []),
    sample("visits", "v-1", { startProof: "nfc", startTag: "T2", endProof: "phone" }),
  ]);
}

export default defineRule({
  id: "tag-at-wrong-client",
  version: 1,
  level: "indicator",
  scope: "visit",
  title: { sv: "Taggen hör till en annan brukare", en: "The tag belongs to another client" },
  why: "Besöket är registrerat med en tagg som sitter hos någon annan. Personen var där, inte hos brukaren.",
  remedy: "Fråga utföraren var besöket gjordes, och kontrollera i registret vems taggen är.",
  innocent: {
    samePlace: "Den andra brukaren bor i samma hushåll, samma byggnad eller högst 60 meter bort.",
    tagReplaced: "Taggen bytte plats någon dag ifrån besöket; registret kan ligga före eller efter.",
  },
  reads: ["visits", "clients", "tags"],
  parameters: z.object({
    daysAroundChange: z.int().min(0).default(3).describe("Så nära ett byte av tagg bedöms inte besöket."),
  }),
  examples: () => ({
    reports: [tagRead(), tagRead({ from: "2026-10-01" }), tagRead({ to: "2026-10-09" })],
    accepts: [
      tagRead({ belongsTo: "C1" }),
      tagRead({ from: "2026-10-02" }),
      tagRead({ to: "2026-10-08" }),
      tagRead({ to: "2026-10-01" }),
      tagRead({ near: true }),
    ],
  }),
  evaluate({ visits, clients, tags, slice }, { daysAroundChange }, report) {
    const hits: Hit[] = [];
    if (tags.count === 0) return hits;
    for (const row of slice.visits) {
      const first = visits.startTag(row);
      const last = visits.endTag(row);
      if ((first < 0 || tags.client(first) === slice.client) && (last < 0 || tags.client(last) === slice.client))
        continue;
      if (!visits.performed(row)) continue;
      const day = visits.day(row);
      for (const tag of [first, last]) {
        if (tag < 0) continue;
        const owner = tags.client(tag);
        if (owner === slice.client) continue;
        if (owner < 0 || !tags.valid(tag, day)) {
          report.tooLittleData("vems taggen var den dagen");
          continue;
        }
        const place = clients.sameHousehold(owner, slice.client) || clients.samePlace(owner, slice.client, day);
        if (place === true) {
          report.suppressed("samePlace", [row]);
          continue;
        }
        if (Math.abs(day - tags.from(tag)) <= daysAroundChange || Math.abs(tags.to(tag) - day) <= daysAroundChange) {
          report.suppressed("tagReplaced", [row]);
          continue;
        }
        hits.push({
          records: [row, { table: "tags", row: tag }],
          client: slice.client,
          minutes: visits.minutes(row),
          reason: `Besöket ${formatLocal(visits.start(row))} är registrerat med en tagg som sitter hos en annan brukare (vid besökets ${tag === first ? "början" : "slut"}).`,
          evidence: {
            "taggen hör till brukaren": [false, true],
            "taggen sitter där sedan": formatDay(tags.from(tag)),
            "dagar från byte av tagg >": [Math.abs(day - tags.from(tag)), daysAroundChange],
          },
        });
        break;
      }
    }
    return hits;
  },
});
