import { describe, expect, test } from "vitest";
import { day, instant } from "#model";
import { recordDisposition } from "#operations";
import { writeFindings } from "#store";
import { desk, person, plain } from "./desk.ts";
import { finding } from "../support/finding.ts";

const eva = person("handler", "eva");
const date = (index: number) => `2026-10-${String(index + 1).padStart(2, "0")}`;
/** A visit a day; the first six are what findings rest on. */
const files = {
  providers: [{ id: "P1", organisationNumber: "212000-1355", name: "Hemtjänsten Norr", regime: "municipal" }],
  units: [{ id: "U1", providerId: "P1", name: "Norr" }],
  clients: [{ id: "C1", name: "Agda Öst" }],
  staff: [{ id: "S18", providerId: "P1", name: "Eva Nord" }],
  visits: Array.from({ length: 20 }, (_, index) => ({
    id: `v-${index}`,
    clientId: "C1",
    unitId: "U1",
    staffId: "S18",
    start: `${date(index)}T08:00`,
    end: `${date(index)}T08:30`,
    status: "completed",
    services: ["omvardnad"],
  })),
};
const write = ({ system }: Awaited<ReturnType<typeof desk>>, count: number) =>
  writeFindings(system.database, system.tenantId, {
    evaluated: "all",
    at: instant("2026-11-01T03:30:00Z"),
    findings: Array.from({ length: count }, (_, index) =>
      finding(`f-${index}`, {
        staff: "S18",
        fromDay: day(date(index)),
        throughDay: day(date(index)),
        records: index < 6 ? [{ entity: "visits", source: "files", id: `v-${index}` }] : [],
      }),
    ),
  });

describe("learning", () => {
  test("says that nothing is judged, then how often a rule was right, by month", async () => {
    await using town = await desk();
    expect(plain((await town.as(eva).get("/larande")).text)).toContain("Inget fynd är bedömt");
    await write(town, 13);
    for (let index = 0; index < 13; index++) {
      const outcome = index < 9 ? "confirmed" : index < 12 ? "explained" : "unclear";
      await recordDisposition(town.system, town.system.operator, { findingId: `f-${index}`, outcome });
    }
    // 9 of 12, with Wilson's interval.
    const said = "Samma personal på två platser samtidigt 9 3 1 75 % (47 %–91 %, 12 bedömda) – – –";
    expect(plain((await town.as(eva).get("/larande")).text)).toContain(said);
    expect((await town.as(person("administrator", "ada")).get("/larande")).status).toBe(403);
  });
});

describe("the blind review", () => {
  test("shows facts alone, takes judgements one by one, and tells how much a rule finds", async () => {
    await using town = await desk(files);
    await write(town, 6);
    const desktop = town.as(eva);
    expect(plain((await desktop.get("/granskning")).text)).toContain("Inget besök väntar på granskning.");
    await desktop.post("/granskning/dra", { manad: "2026-10", antal: "20" });
    const seen = new Set<string>();
    for (let left = 20; left > 0; left--) {
      const { text } = await desktop.get("/granskning");
      const said = plain(text);
      expect(said).toContain(`${left} besök väntar`);
      // Neither what the rules said nor who it is about.
      for (const hint of ["Två besök överlappar", "Agda Öst", "Eva Nord"]) expect(said).not.toContain(hint);
      const [, id = ""] = /name="id" value="([^"]+)"/.exec(text) ?? [];
      const [, on = ""] = /(2026-10-\d\d) 08:00/.exec(said) ?? [];
      seen.add(on);
      const wrong = on <= "2026-10-05" || on === "2026-10-20";
      // What says too little, or two things at once, is not taken.
      for (const nothing of left < 20
        ? []
        : [{}, { bedomning: "wrong" }, { bedomning: "right", fel: "staff-overlap" }]) {
        const refused = await desktop.post("/granskning", { id, anteckning: "Kort besök.", ...nothing });
        expect(refused.status).toBe(422);
        expect(plain(refused.text)).toContain("Ingenting är sparat");
        // What was chosen and written is still there.
        expect(refused.text).toContain("Kort besök.");
        const chosen = [...refused.text.matchAll(/value="([\w-]+)"\s+checked/g)].map(([, value]) => value);
        expect(chosen).toEqual(Object.values(nothing));
      }
      const judged = wrong ? { bedomning: "wrong", fel: "staff-overlap" } : { bedomning: "right" };
      expect((await desktop.post("/granskning", { id, ...judged })).status).toBe(303);
      // Judged once.
      expect((await desktop.post("/granskning", { id, ...judged })).status).toBe(409);
    }
    expect(seen.size).toBe(20);
    // Five of the six that the rule reported are wrong, and one that it did not: 5 of 6.
    const learning = plain((await desktop.get("/larande?manad=2026-10")).text);
    expect(learning).toMatch(/Samma personal på två platser samtidigt 0 0 0 – 5 1 83 % \(\d+ %–\d+ %, 20 granskade\)/);
    expect((await desktop.post("/granskning/dra", { manad: "2026-10", antal: "0" })).status).toBe(422);
    expect((await town.as(person("purchaser", "per")).get("/granskning")).status).toBe(403);
  }, 60_000);
});
