import { z } from "zod";
import { defineRule, example, formatLocal, type Hit, home, sample } from "#rule";

// One degree of latitude is 111.2 km.
const lives = home("B-1", { latitude: 58.5, longitude: 17.5 });
const metresNorth = (metres: number) => 58.5 + metres / 111_195;

/** Visits to C1 on Monday, each by the person and at the distance given. */
function visitsAt(
  all: Array<[staffId: string, metres: number]>,
  { accuracy = 50 as number | null, services = ["omvardnad"], precision = "exact" } = {},
) {
  return example([
    sample("services", "ledsagning", { kind: "escort", away: true }),
    sample("clients", "C1", { addresses: [{ ...lives, precision }] }),
    ...all.map(([staffId, metres], position) =>
      sample("visits", `v-${position}`, {
        staffId,
        start: `${String(8 + position).padStart(2, "0")}:00`,
        startProof: "gps",
        services,
        startLatitude: metresNorth(metres),
        startLongitude: 17.5,
        startAccuracyMetres: accuracy ?? undefined,
      }),
    ),
  ]);
}

/** Records of one place lie within so much of each other. */
const SPREAD_METRES = 150;

export default defineRule({
  id: "wrong-place",
  version: 1,
  level: "indicator",
  scope: "visit",
  title: { sv: "Besök registrerat långt från bostaden", en: "Visit registered far from the home" },
  why: "Telefonen var inte i närheten av brukarens bostad när besöket registrerades.",
  remedy: "Fråga utföraren var besöket gjordes. Visar många registreringar samma plats: kontrollera adressen.",
  innocent: {
    away: "Insatsen ges utanför hemmet, till exempel ledsagning.",
    wrongAddress: "Flera i personalen registrerar på samma plats och ingen vid bostaden: adressens läge är fel.",
  },
  reads: ["visits", "clients", "services"],
  parameters: z.object({
    metresAbove: z.number().positive().default(400).describe("Från bostaden, utöver dubbla mätosäkerheten."),
    accuracyAssumed: z.number().min(0).default(100).describe("Mätosäkerhet i meter där telefonen inte säger någon."),
    staffSamePlaceMin: z
      .int()
      .min(2)
      .default(2)
      .describe("Så många personer på samma plats, och ingen vid bostaden, visar att adressens läge är fel."),
  }),
  examples: () => ({
    reports: [
      visitsAt([["S1", 501]]),
      visitsAt([["S1", 601]], { accuracy: null }),
      // Somebody was at home, so the address is right.
      visitsAt([
        ["S1", 900],
        ["S2", 900],
        ["S1", 20],
      ]),
      // Not the same place.
      visitsAt([
        ["S1", 900],
        ["S2", 1100],
      ]),
    ],
    accepts: [
      visitsAt([["S1", 499]]),
      visitsAt([["S1", 599]], { accuracy: null }),
      visitsAt([["S1", 900]], { services: ["ledsagning"] }),
      visitsAt([["S1", 900]], { precision: "street" }),
      visitsAt([
        ["S1", 900],
        ["S2", 960],
      ]),
    ],
  }),
  evaluate({ visits, clients, services, slice }, { metresAbove, accuracyAssumed, staffSamePlaceMin }, report) {
    const hits: Hit[] = [];
    let far: Array<{ row: number; metres: number; limit: number; latitude: number; longitude: number }> | null = null;
    let near = 0;
    let unknown = 0;
    for (const row of slice.visits) {
      if (!visits.performed(row)) continue;
      const position = visits.startPosition(row) ?? visits.endPosition(row);
      if (position === null) continue;
      const { latitude, longitude, accuracyMetres } = position;
      const metres = clients.metresFromHome(slice.client, visits.day(row), latitude, longitude);
      if (Number.isNaN(metres)) {
        unknown++;
        continue;
      }
      const limit = metresAbove + 2 * (Number.isNaN(accuracyMetres) ? accuracyAssumed : accuracyMetres);
      if (metres <= limit) {
        near++;
        continue;
      }
      if (services.anyAway(visits.services(row))) {
        report.suppressed("away", [row]);
        continue;
      }
      (far ??= []).push({ row, metres, limit, latitude, longitude });
    }
    if (unknown > 0) report.tooLittleData("bostadens exakta läge saknas");
    if (far === null) return hits;
    const first = far[0]!;
    const together = far.filter(({ latitude, longitude }) => metres(first, { latitude, longitude }) <= SPREAD_METRES);
    const staff = new Set(together.map(({ row }) => visits.staff(row)));
    if (near === 0 && together.length === far.length && staff.size >= staffSamePlaceMin) {
      const rows = far.map(({ row }) => row);
      report.suppressed("wrongAddress", rows);
      return hits;
    }
    for (const { row, metres, limit } of far) {
      hits.push({
        records: [row],
        minutes: visits.minutes(row),
        reason: `Besöket ${formatLocal(visits.start(row))} är registrerat ${Math.floor(metres)} meter från brukarens bostad.`,
        evidence: {
          "avstånd från bostaden i meter >": [Math.floor(metres), Math.ceil(limit)],
          "insatsen ges utanför hemmet": [false, false],
          "besök registrerade vid bostaden under månaden": near,
        },
      });
    }
    return hits;
  },
});

function metres(a: { latitude: number; longitude: number }, b: { latitude: number; longitude: number }): number {
  const north = (a.latitude - b.latitude) * 111_195;
  const east = (a.longitude - b.longitude) * 111_195 * Math.cos((a.latitude * Math.PI) / 180);
  return Math.hypot(north, east);
}
