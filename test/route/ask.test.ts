import { describe, expect, test } from "vitest";
import { askRouter, type Router } from "#route";
import { type JourneyPair, placeOf, type TravelMode } from "#travel";
import { type Answer, osrm as osrmWith, standIn } from "./stand-in.ts";

/** Ten-thousandths of a degree of latitude, so that every answer can be told from every other. */
const secondsBetween = (a: number, b: number): number => Math.abs(Math.round((a - b) * 1e4));
const osrm = (refuse: string | null = null) => osrmWith(secondsBetween, refuse);

interface MatrixRequest {
  sources: Array<{ lat: number; lon: number }>;
  targets: Array<{ lat: number; lon: number }>;
  costing: string;
  costing_options?: unknown;
}
function valhalla(_path: string, body: unknown): Answer {
  const { sources, targets } = body as MatrixRequest;
  const rows = sources.map((a, from_index) =>
    targets.map((b, to_index) => {
      const time = secondsBetween(a.lat, b.lat);
      return { distance: time / 100, time: time === 777 ? null : time, to_index, from_index };
    }),
  );
  return { status: 200, body: { sources_to_targets: rows, units: "kilometers" } };
}

const north = (tenThousandths: number) => placeOf({ latitude: 58.5 + tenThousandths / 1e4, longitude: 17.5 });
const pair = (to: number, from = 0): JourneyPair => ({ from: north(from), to: north(to) });
const ask = (
  router: Router,
  wanted: Partial<Record<TravelMode, JourneyPair[]>>,
  limits: { timeLimitMs?: number; requestLimitMs?: number } = {},
) =>
  askRouter(router, new Map(Object.entries(wanted) as Array<[TravelMode, JourneyPair[]]>), {
    signal: new AbortController().signal,
    timeLimitMs: 10_000,
    ...limits,
  });

describe("OSRM", () => {
  test("is asked for a table of rounded places, longitude first", async () => {
    await using server = await standIn(osrm());
    const { url, requests } = server;
    const { answers, failure } = await ask({ kind: "osrm", url, modes: ["car"] }, { car: [pair(120), pair(300)] });
    expect(failure).toBeNull();
    expect(answers).toEqual([
      { ...pair(120), mode: "car", seconds: 120 },
      { ...pair(300), mode: "car", seconds: 300 },
    ]);
    expect(requests.map(({ path }) => path)).toEqual([
      "/table/v1/car/17.5000,58.5000;17.5000,58.5120;17.5000,58.5300?sources=0&destinations=1;2&generate_hints=false",
    ]);
  });

  test("has a server for each way to travel", async () => {
    await using server = await standIn((path) => osrm()(path.replace(/^\/routed-\w+/, "")));
    const { url, requests } = server;
    const wanted = { car: [pair(10)], bicycle: [pair(10)], walking: [pair(10)] };
    await ask({ kind: "osrm", url: `${url}/routed-{mode}/`, modes: ["car", "bicycle", "walking"] }, wanted);
    expect(requests.map(({ path }) => path.slice(0, path.indexOf("/17."))).toSorted()).toEqual([
      "/routed-bike/table/v1/bike",
      "/routed-car/table/v1/car",
      "/routed-foot/table/v1/foot",
    ]);
  });

  test("is asked for many pairs at once, and no more places than it takes", async () => {
    await using server = await standIn(osrm());
    const { url, requests } = server;
    const pairs = Array.from({ length: 120 }, (_, to) => pair(to + 1));
    const { answers } = await ask({ kind: "osrm", url, modes: ["car"] }, { car: pairs });
    expect(answers.map(({ seconds }) => seconds).toSorted((a, b) => a! - b!)).toEqual(pairs.map((_, to) => to + 1));
    expect(requests).toHaveLength(3);
    for (const { path } of requests) expect(path.split("?")[0]!.split(";").length).toBeLessThanOrEqual(50);
  });

  test("that finds no road near one place still answers for the others", async () => {
    await using server = await standIn(osrm("17.5000,58.5003"));
    const { url } = server;
    const pairs = [1, 2, 3, 4, 5].map((to) => pair(to));
    const { answers, failure } = await ask({ kind: "osrm", url, modes: ["car"] }, { car: pairs });
    const seconds = answers.toSorted((a, b) => a.to - b.to).map((answer) => answer.seconds);
    expect(seconds).toEqual([1, 2, null, 4, 5]);
    expect(failure).toBeNull();
  });
});

describe("Valhalla", () => {
  test("is asked for a matrix by costing, and says null where there is no way", async () => {
    await using server = await standIn(valhalla);
    const { url, requests } = server;
    const router: Router = { kind: "valhalla", url, modes: ["walking", "electricBicycle"] };
    const { answers } = await ask(router, { walking: [pair(42), pair(777)], electricBicycle: [pair(42)] });
    expect(answers.toSorted((a, b) => (a.mode < b.mode ? -1 : a.mode > b.mode ? 1 : a.to - b.to))).toEqual([
      { ...pair(42), mode: "electricBicycle", seconds: 42 },
      { ...pair(42), mode: "walking", seconds: 42 },
      { ...pair(777), mode: "walking", seconds: null },
    ]);
    const bodies = requests
      .map(({ body }) => body as MatrixRequest)
      .toSorted((a, b) => (a.costing < b.costing ? -1 : 1));
    expect(bodies[0]).toEqual({
      sources: [{ lat: 58.5, lon: 17.5 }],
      targets: [{ lat: 58.5042, lon: 17.5 }],
      costing: "bicycle",
      costing_options: { bicycle: { cycling_speed: 25 } },
    });
    expect(bodies[1]).toMatchObject({ costing: "pedestrian", targets: [{ lat: 58.5042 }, { lat: 58.5777 }] });
    expect(requests.every(({ path }) => path === "/sources_to_targets")).toBe(true);
  });
});

describe("a router that does not answer", () => {
  test.each([
    ["answered 503", (): Answer => ({ status: 503, body: {} })],
    [
      "answered something else than a table",
      (): Answer => ({ status: 200, body: { code: "Ok", durations: [["fast"]] } }),
    ],
    ["answered a table of another size", (): Answer => ({ status: 200, body: { code: "Ok", durations: [[1, 2, 3]] } })],
  ])("is left alone after some failures: %s", async (what, answer) => {
    await using server = await standIn(answer);
    const { url, requests } = server;
    const pairs = Array.from({ length: 600 }, (_, to) => pair(to + 1));
    const { answers, failure } = await ask({ kind: "osrm", url, modes: ["car"] }, { car: pairs });
    expect(answers).toEqual([]);
    expect(failure).toContain(what);
    expect(failure).not.toContain("17.5");
    expect(requests.length).toBeLessThan(10);
  });

  test("costs no more than the time limit of a request and of the whole", async () => {
    await using server = await standIn(() => "never");
    const { url } = server;
    const pairs = Array.from({ length: 600 }, (_, to) => pair(to + 1));
    const router: Router = { kind: "osrm", url, modes: ["car"] };
    const started = performance.now();
    const one = await ask(router, { car: [pair(1)] }, { requestLimitMs: 50 });
    expect(one).toEqual({ answers: [], failure: expect.stringContaining("did not answer in time") });
    const whole = await ask(router, { car: pairs }, { timeLimitMs: 100 });
    expect(whole.answers).toEqual([]);
    expect(whole.failure).not.toBeNull();
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test("does not stop whoever stops the night", async () => {
    await using server = await standIn(() => "never");
    const { url } = server;
    const stop = new AbortController();
    const router: Router = { kind: "osrm", url, modes: ["car"] };
    const asked = askRouter(router, new Map([["car", [pair(1)]]]), { signal: stop.signal, timeLimitMs: 10_000 });
    stop.abort(new Error("stopped"));
    await expect(asked).rejects.toThrow("stopped");
  });
});
