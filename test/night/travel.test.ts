import { describe, expect, test } from "vitest";
import { formatDay } from "#model";
import { listFindings } from "#operations";
import { rules } from "#rules";
import { openMunicipality } from "../operations/municipality.ts";
import { type Answer, osrm, standIn } from "../route/stand-in.ts";
import { day, type Delivered, operator } from "./hand.ts";

/** Three kilometres apart as the crow flies, with a lake between: half an hour by car. */
const address = (latitude: number) => [{ from: "2020-01-01", latitude, longitude: 17.512_345, precision: "exact" }];
const lake = (a: number, b: number) => (a === b ? 0 : 1800);

/** Each morning eight visits in turn at A and B, five minutes between; and one to somebody whose address is protected. */
function delivered(): Delivered[] {
  const records = [5, 6, 7].flatMap((date) =>
    Array.from({ length: 9 }, (_, position) => {
      const start = Date.UTC(2026, 9, date, 5) + position * 35 * 60_000;
      return {
        id: `v-${date}-${position}`,
        clientId: position === 8 ? "H" : position % 2 === 0 ? "A" : "B",
        unitId: "U1",
        staffId: "S1",
        start: new Date(start).toISOString(),
        end: new Date(start + 30 * 60_000).toISOString(),
        status: "completed",
        services: ["omvardnad"],
      };
    }),
  );
  return [
    {
      entity: "clients",
      records: [
        { id: "A", addresses: address(58.512_34) },
        { id: "B", addresses: address(58.539_32) },
        { id: "H", addresses: address(58.6), protection: "protectedRegistration" },
      ],
    },
    // The unit has cars and nothing else.
    {
      entity: "planned-visits",
      records: [
        {
          id: "p-1",
          clientId: "A",
          unitId: "U1",
          start: "2026-10-05T07:00",
          end: "2026-10-05T07:30",
          transport: "car",
        },
      ],
    },
    { entity: "visits", records },
  ];
}

const rule = rules.find(({ id }) => id === "missing-travel-time")!;

async function town(url: string) {
  const opened = await openMunicipality({ rules: [rule] });
  Object.assign(opened.needs.config, { router: { kind: "osrm", url, modes: ["car"] } });
  const found = async (): Promise<string[]> => {
    const all: string[] = [];
    for await (const { staff, unit, fromDay } of listFindings(opened.needs, operator, {}))
      all.push(`${unit ?? "-"} ${staff ?? "-"} ${formatDay(fromDay)}`);
    return all.toSorted();
  };
  return { ...opened, found };
}

describe("a night with a router", () => {
  test("counts with what it says, keeps that, and sends rounded places of nobody", async () => {
    await using server = await standIn(osrm(lake));
    await using opened = await town(server.url);
    const { reconciled } = await opened.night("2026-11-01", delivered());
    expect(reconciled.map(({ routerFailure }) => routerFailure)).toEqual([null]);
    // The provider, its unit and the person.
    expect(await opened.found()).toEqual(["- - 2026-10-01", "U1 - 2026-10-01", "U1 S1 2026-10-01"]);
    const places = "17.5123,58.5123;17.5123,58.5393";
    expect(server.requests.map(({ path }) => path)).toEqual([
      `/table/v1/car/${places};17.5123,58.5393;17.5123,58.5123?sources=0;1&destinations=2;3&generate_hints=false`,
    ]);
    await opened.night("2026-11-02", [], true);
    expect(server.requests).toHaveLength(1);
    expect(await opened.found()).toHaveLength(3);
  });

  test("goes by the straight line while it is down, and computes the month anew when it answers", async () => {
    let up = false;
    const answer = (path: string): Answer => (up ? osrm(lake)(path) : { status: 503, body: {} });
    await using server = await standIn(answer);
    await using opened = await town(server.url);
    const first = await opened.night("2026-11-01", delivered());
    expect(first.outcome).toBe("done");
    expect(first.reconciled[0]?.routerFailure).toContain("answered 503");
    expect(await opened.found()).toEqual([]);
    up = true;
    const second = await opened.night("2026-11-02");
    expect(second.reconciled[0]?.routerFailure).toBeNull();
    expect(await opened.found()).toHaveLength(3);
    expect(day("2026-11-02")).toBe(second.day);
  });
});
