import { describe, expect, test } from "vitest";
import { tablesFrom } from "#columns";
import { day, MINUTE, samples } from "#model";
import { journeyPairs, Journeys, placeOf, positionOf, speedOf, Travel } from "#travel";

const { at, home, sample, sampleMunicipality } = samples;
const monday = day("2026-10-05");

/** C2 lives 10.008 km north of C1 (0.09 degrees of 111.195 km); C3 beside C1. */
function tablesWith(...records: ReturnType<typeof sample>[]) {
  return tablesFrom(
    [
      ...sampleMunicipality(),
      sample("clients", "C1", { addresses: [home("B1", { latitude: 58.5, longitude: 17.5 })] }),
      sample("clients", "C2", { addresses: [home("B2", { latitude: 58.59, longitude: 17.5 })] }),
      sample("clients", "C3", { addresses: [home("B1", { latitude: 58.5, longitude: 17.5 })] }),
      ...records,
    ],
    { asOf: at("2026-11-10 04:30"), period: { from: day("2026-10-01"), through: day("2026-10-31") } },
  );
}

function setUp(records: ReturnType<typeof sample>[], journeys?: Journeys) {
  const tables = tablesWith(...records);
  const code = (id: string) => tables.clients.find(`files/${id}`);
  const travel = new Travel(tables, journeys);
  const unit = tables.units.find("files/U1");
  return { tables, travel, unit, minutes: () => travel.lowerBoundMs(code("C1"), code("C2"), monday, unit) / MINUTE };
}
const plan = (transport: string | undefined, id = "p-1") => sample("planned-visits", id, { transport });

describe("the lower bound of a journey", () => {
  test.each([
    // 10.008 km × 1.3 = 13.01 km.
    ["walking", 130.1],
    ["bicycle", 39.03],
    ["electricBicycle", 31.22],
    ["car", 11.15],
    ["publicTransport", 15.61],
  ] as const)("by %s is the straight line and a third at the mode's speed", (mode, minutes) => {
    expect(setUp([plan(mode)]).minutes()).toBeCloseTo(minutes, 1);
  });

  test("goes by the fastest way that the unit plans with, and by car where a plan does not say", () => {
    expect(setUp([plan("walking"), plan("bicycle", "p-2")]).minutes()).toBeCloseTo(39.03, 1);
    expect(setUp([plan("walking"), plan(undefined, "p-2")]).minutes()).toBeCloseTo(11.15, 1);
    expect(setUp([]).minutes()).toBeCloseTo(11.15, 1);
    const september = sample("planned-visits", "p-2", { start: "2026-09-30 08:00", transport: "car" });
    expect(setUp([plan("walking"), september]).minutes()).toBeCloseTo(130.1, 1);
  });

  test("counts with four fifths of what a router says, in the direction of the journey", () => {
    const there = new Journeys();
    const [north, south] = [
      placeOf({ latitude: 58.59, longitude: 17.5 }),
      placeOf({ latitude: 58.5, longitude: 17.5 }),
    ];
    there.set("bicycle", south, north, 3000);
    there.set("bicycle", north, south, 60);
    expect(setUp([plan("bicycle")], there).minutes()).toBeCloseTo(40, 6);
  });

  test("takes the bicycle lane where the road is longer", () => {
    const known = new Journeys();
    const [north, south] = [
      placeOf({ latitude: 58.59, longitude: 17.5 }),
      placeOf({ latitude: 58.5, longitude: 17.5 }),
    ];
    known.set("car", south, north, 4000);
    known.set("bicycle", south, north, 1800);
    expect(setUp([plan("car"), plan("bicycle", "p-2")], known).minutes()).toBeCloseTo(24, 6);
  });

  test("goes by the straight line where the router knows no way", () => {
    const none = new Journeys();
    none.set(
      "walking",
      placeOf({ latitude: 58.5, longitude: 17.5 }),
      placeOf({ latitude: 58.59, longitude: 17.5 }),
      null,
    );
    expect(setUp([plan("walking")], none).minutes()).toBeCloseTo(130.1, 1);
  });

  test("is unknown where a position is not exact or an identity is protected", () => {
    const near = home("B2", { latitude: 58.59, longitude: 17.5, precision: "street" });
    expect(setUp([sample("clients", "C2", { addresses: [near] })]).minutes()).toBeNaN();
    const exact = home("B2", { latitude: 58.59, longitude: 17.5 });
    const hidden = sample("clients", "C2", { addresses: [exact], protection: "confidential" });
    expect(setUp([hidden]).minutes()).toBeNaN();
  });
});

describe("the journeys to ask for", () => {
  const visit = (id: string, clientId: string, start: string, more = {}) =>
    sample("visits", id, { clientId, start, end: at(start, 30), ...more });

  test("are those between two visits in a row, each once, without names", () => {
    const pairs = journeyPairs(
      tablesWith(
        visit("v-1", "C1", "08:00"),
        visit("v-2", "C2", "08:40"),
        visit("v-3", "C1", "09:20"),
        visit("v-4", "C2", "10:00"),
        // The stairwell of C1, and an hour later: nobody asks.
        visit("v-5", "C1", "12:00"),
        visit("v-6", "C3", "12:35"),
        visit("v-7", "C2", "14:05"),
      ),
    );
    const [south, north] = [
      placeOf({ latitude: 58.5, longitude: 17.5 }),
      placeOf({ latitude: 58.59, longitude: 17.5 }),
    ];
    expect(pairs).toEqual([
      { from: south, to: north },
      { from: north, to: south },
    ]);
  });

  test("never hold a protected identity", () => {
    const addresses = [home("B2", { latitude: 58.59, longitude: 17.5 })];
    for (const protection of ["confidential", "protectedRegistration"]) {
      const hidden = sample("clients", "C2", { addresses, protection });
      const tables = tablesWith(hidden, visit("v-1", "C1", "08:00"), visit("v-2", "C2", "08:40"));
      expect(journeyPairs(tables)).toEqual([]);
    }
  });
});

test("a place is a position to four decimals, and no finer", () => {
  const place = placeOf({ latitude: 58.123449, longitude: -17.987651 });
  expect(positionOf(place)).toEqual({ latitude: 58.1234, longitude: -17.9877 });
  expect(placeOf(positionOf(place))).toBe(place);
});

test("no way of travelling is slower than its own law or habit allows", () => {
  expect(speedOf("walking")).toBeGreaterThan(5);
  expect(speedOf("electricBicycle")).toBe(25);
  expect(speedOf("car")).toBe(70);
});
