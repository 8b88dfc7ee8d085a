import { z } from "zod";
import { ambiguousStart, at, defineRule, example, formatClock, type Hit, home, MINUTE, sample } from "#rule";

// One degree of latitude is 111.2 km: C2 lives 0.0225 degrees, 2.5 km, north of C1.
/** S1 reads the tag of C1 at 08:30, and that of C2 so many minutes later. */
function readsOf(
  minutes: number,
  {
    north = 0.0225,
    from = "2026-01-01",
    proof = "nfc",
    transport = "walking",
    precision = "exact",
    warnings = [] as ReturnType<typeof ambiguousStart>[],
    ends = "08:30",
  } = {},
) {
  return example(
    [
      sample("clients", "C1", { addresses: [home("B-1", { latitude: 58.5, longitude: 17.5 })] }),
      sample("clients", "C2", { addresses: [home("B-2", { latitude: 58.5 + north, longitude: 17.5, precision })] }),
      sample("tags", "T1", { clientId: "C1" }),
      sample("tags", "T2", { clientId: "C2", from }),
      sample("planned-visits", "p-1", { transport }),
      sample("visits", "v-1", { start: at(ends, -30), end: ends, startProof: proof, endProof: proof, endTag: "T1" }),
      sample("visits", "v-2", {
        clientId: "C2",
        start: at(ends, minutes),
        end: at(ends, 45),
        startProof: proof,
        endProof: proof,
        startTag: "T2",
      }),
    ],
    { warnings },
  );
}

export default defineRule({
  id: "moved-tag",
  version: 2,
  level: "indicator",
  scope: "staff-day",
  title: { sv: "Tagg läst långt från bostaden", en: "Home tag read far from the home" },
  why: "Två brukares taggar är lästa så tätt att ingen hinner mellan bostäderna. Någon av taggarna sitter inte där den ska.",
  remedy: "Kontrollera på plats att båda brukarnas taggar sitter vid dörren, och byt dem som inte gör det.",
  innocent: {
    tagReplaced: "En av taggarna byttes de dagarna; montören kan ha läst den på annan plats.",
    reachable: "Det går att hinna mellan bostäderna med enhetens snabbaste färdsätt.",
  },
  reads: ["visits", "clients", "tags", "travel"],
  parameters: z.object({
    minutesMax: z.int().min(1).default(10).describe("Så tätt lästes de två taggarna."),
    metresAbove: z.number().positive().default(2000).describe("Fågelvägen mellan bostäderna."),
    daysAroundChange: z.int().min(0).default(3).describe("Så nära ett byte av tagg bedöms den inte."),
  }),
  examples: () => ({
    reports: [readsOf(10), readsOf(1, { transport: "car" }), readsOf(5, { ends: "23:58" })],
    accepts: [
      readsOf(11),
      readsOf(10, { north: 0.0179 }),
      readsOf(5, { from: "2026-10-03" }),
      readsOf(5, { from: "2026-10-08" }),
      // 2.5 km are 2.8 minutes by car.
      readsOf(3, { transport: "car" }),
      readsOf(5, { proof: "manual" }),
      readsOf(-2),
      readsOf(5, { precision: "street" }),
      readsOf(5, { warnings: [ambiguousStart("v-2")] }),
    ],
  }),
  evaluate({ visits, clients, tags, travel, slice }, { minutesMax, metresAbove, daysAroundChange }, report) {
    const hits: Hit[] = [];
    if (tags.count === 0) return hits;
    const { day } = slice;
    let lastTag = -1;
    let lastRow = -1;
    let lastAt = -Infinity;
    // The evening's last tag, and then the day's.
    for (const row of [...slice.before, ...slice.visits]) {
      const start = visits.startTag(row);
      const end = visits.endTag(row);
      if ((start < 0 && end < 0) || !visits.performed(row) || visits.proven(row) !== true) continue;
      const gap = visits.start(row) - lastAt;
      // A tag at another client's visit is told of by a rule of its own.
      const mine = start >= 0 && tags.client(start) === visits.client(row);
      // Visits that overlap are told of by rules of their own.
      const today = visits.day(row) === day;
      if (today && mine && lastTag >= 0 && lastTag !== start && gap >= 0 && gap <= minutesMax * MINUTE) {
        const [a, b] = [visits.client(lastRow), visits.client(row)];
        const metres = a === b ? 0 : clients.metresBetween(a, b, day);
        if (Number.isNaN(metres)) report.tooLittleData("bostadens exakta läge saknas");
        else if (metres > metresAbove && (visits.ambiguousTime(lastRow) || visits.ambiguousTime(row)))
          report.tooLittleData("klockslaget förekom två gånger när klockan ställdes tillbaka");
        else if (metres > metresAbove) {
          const needed = travel.lowerBoundMs(a, b, day, visits.unit(row));
          if (replaced(lastTag) || replaced(start)) report.suppressed("tagReplaced", [lastRow, row]);
          else if (!tags.valid(lastTag, day) || !tags.valid(start, day)) {
            report.tooLittleData("var taggen satt den dagen");
          } else if (Number.isNaN(needed)) report.tooLittleData("bostadens exakta läge saknas");
          else if (gap >= needed) report.suppressed("reachable", [lastRow, row]);
          else {
            const minutes = Math.floor(gap / MINUTE);
            hits.push({
              records: [lastRow, row, { table: "tags" as const, row: lastTag }, { table: "tags" as const, row: start }],
              minutes: null,
              reason:
                `Två brukares taggar lästes av samma person ${formatClock(lastAt)} och ${formatClock(visits.start(row))}, ` +
                `men det är ${String(Math.floor(metres / 100) / 10).replace(".", ",")} km fågelvägen mellan bostäderna.`,
              evidence: {
                "minuter mellan läsningarna ≤": [minutes, minutesMax],
                "avstånd i meter >": [Math.floor(metres), metresAbove],
                "snabbaste resa i minuter (minst)": Math.floor(needed / MINUTE),
                "snabbaste färdsätt": travel.wordsFor(visits.unit(row), day),
              },
            });
          }
        }
      }
      const tag = end >= 0 ? end : start;
      lastTag = tags.client(tag) === visits.client(row) ? tag : -1;
      lastRow = row;
      lastAt = end >= 0 && visits.usable(row) ? visits.end(row) : visits.start(row);
    }

    function replaced(tag: number): boolean {
      return Math.abs(day - tags.from(tag)) <= daysAroundChange || Math.abs(tags.to(tag) - day) <= daysAroundChange;
    }
    return hits;
  },
});
