import { z } from "zod";
import { daily, defineRule, example, type Hit, home, sample } from "#rule";

/** S1 lives in the building of C1. */
function carer({ lives = "B-C1", block = false, household = false, days = 1 } = {}) {
  return example([
    sample("staff", "S1", { addressBuildingId: lives }),
    ...(block || household
      ? [sample("clients", "C2", { addresses: [home("B-C1")], householdId: household ? "H-C1" : "H-C2" })]
      : []),
    ...daily(days, (date, position) =>
      sample("visits", `v-${position}`, { start: `${date} 08:00`, end: `${date} 08:30` }),
    ),
  ]);
}

export default defineRule({
  id: "relative-as-carer",
  version: 1,
  level: "indicator",
  scope: "client-month",
  title: { sv: "Personal som bor med brukaren", en: "Staff who live with the client" },
  why: "Den som bor med brukaren får i regel inte utföra insatsen utan särskilt godkännande.",
  remedy: "Fråga utföraren om anhöriganställning är godkänd. Är den det: lägg in ett undantag med slutdatum.",
  innocent: {
    block: "I byggnaden bor också andra brukare utanför hushållet: ett flerbostadshus, där grannar inte bor ihop.",
  },
  reads: ["visits", "clients", "staff"],
  parameters: z.object({
    visitsMin: z.int().min(1).default(1).describe("Färre besök under månaden rapporteras inte."),
  }),
  examples: () => ({
    reports: [carer(), carer({ household: true })],
    accepts: [
      carer({ lives: "B-C2" }),
      carer({ block: true }),
      { ...carer(), parameters: { visitsMin: 2 } },
      example([sample("visits", "v-1")]),
    ],
  }),
  evaluate({ visits, clients, staff, slice }, { visitsMin }, report) {
    const hits: Hit[] = [];
    let found: Map<number, number[]> | null = null;
    for (const row of slice.visits) {
      const person = visits.staff(row);
      if (person < 0) continue;
      const lives = staff.homeBuilding(person);
      if (lives < 0 || !visits.performed(row) || lives !== clients.building(slice.client, visits.day(row))) continue;
      found ??= new Map();
      const rows = found.get(person);
      if (rows === undefined) found.set(person, [row]);
      else rows.push(row);
    }
    for (const [person, rows] of found ?? []) {
      if (rows.length < visitsMin) continue;
      const [building, day] = [staff.homeBuilding(person), visits.day(rows[0]!)];
      let block = false;
      for (let other = 0; other < clients.count && !block; other++) {
        block =
          other !== slice.client &&
          clients.building(other, day) === building &&
          !clients.sameHousehold(slice.client, other);
      }
      if (block) {
        report.suppressed("block", rows);
        continue;
      }
      hits.push({
        records: rows,
        staff: person,
        minutes: rows.reduce((sum, row) => sum + visits.minutes(row), 0),
        reason: `${rows.length} besök är gjorda av en person som enligt personalregistret bor i samma hus som brukaren.`,
        evidence: {
          "besök av den som bor i samma hus ≥": [rows.length, visitsMin],
          "andra brukare i huset utanför hushållet": [false, false],
        },
      });
    }
    return hits;
  },
});
