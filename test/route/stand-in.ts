import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A local server that answers as a router's published description says; see src/route/protocols.ts. */
export interface StandIn extends AsyncDisposable {
  url: string;
  requests: Array<{ path: string; body: unknown }>;
}

export type Answer = { status: number; body: unknown } | "never";

export async function standIn(answer: (path: string, body: unknown) => Answer): Promise<StandIn> {
  const requests: StandIn["requests"] = [];
  const server = createServer((request, response) => {
    const respond = async (): Promise<void> => {
      const text = await textOf(request);
      const body: unknown = text === "" ? null : JSON.parse(text);
      requests.push({ path: request.url!, body });
      const given = answer(request.url!, body);
      if (given === "never") return;
      response.writeHead(given.status, { "Content-Type": "application/json" }).end(JSON.stringify(given.body));
    };
    void respond();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

/**
 * Table service of OSRM 5 and 6, for places whose latitude alone matters. `refuse`: a place that no road is near.
 */
export function osrm(secondsBetween: (a: number, b: number) => number | null, refuse: string | null = null) {
  return (path: string): Answer => {
    const [, places = "", query = ""] = /^\/table\/v1\/\w+\/([^?]+)\?(.*)$/.exec(path) ?? [];
    if (refuse !== null && places.includes(refuse)) {
      return {
        status: 400,
        body: { code: "NoSegment", message: "Could not find a matching segment for coordinate 0" },
      };
    }
    const latitudes = places.split(";").map((place) => Number(place.split(",")[1]));
    const options = new URLSearchParams(query);
    const chosen = (name: string) =>
      options
        .get(name)!
        .split(";")
        .map((index) => latitudes[Number(index)]!);
    const durations = chosen("sources").map((a) => chosen("destinations").map((b) => secondsBetween(a, b)));
    return { status: 200, body: { code: "Ok", durations, sources: [], destinations: [] } };
  };
}
