import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { checkConfig, configurationSchema, ConfigurationError, readConfig } from "#config";

const northcare = {
  id: "northcare",
  settings: z.strictObject({
    baseUrl: z.url(),
    token: z.string().min(1).meta({ secret: true }),
    folder: z.string().optional(),
  }),
};
const municipality = { code: "0192", name: "Nynäshamn" };

function problemsOf(content: unknown, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    checkConfig(content, "/srv/klarsyn.config.json", env, [northcare]);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return [...error.problems];
    throw error;
  }
}

describe("checkConfig", () => {
  test("takes networks that receivers may be in, and says which is none", () => {
    const allow = ["10.1.0.0/16", "fd00::/8", "10.1.0/16", "10.0.0.0/33", "10.0.0.0", "fd00::/129"];
    expect(problemsOf({ municipality, webhooks: { allow } })).toEqual(
      [2, 3, 4, 5].map((index) => `webhooks.allow.${index}: expected a network such as 10.1.0.0/16.`),
    );
    expect(problemsOf({ municipality, webhooks: { allow: allow.slice(0, 2) } })).toEqual([]);
  });

  test("takes a router with the ways to travel that it knows, and one OSRM server for each", () => {
    const router = (given: unknown) =>
      checkConfig({ municipality, router: given }, "klarsyn.config.json", {}, []).router;
    expect(router({ kind: "valhalla", url: "http://127.0.0.1:8002" })?.modes).toContain("electricBicycle");
    expect(router({ kind: "osrm", url: "http://127.0.0.1:5000" })?.modes).toEqual(["car"]);
    expect(router({ kind: "osrm", url: "http://osrm-{mode}:5000", modes: ["car", "walking"] })?.modes).toHaveLength(2);
    for (const wrong of [
      { kind: "osrm", url: "http://127.0.0.1:5000", modes: ["car", "walking"] },
      { kind: "osrm", url: "http://127.0.0.1:5000", modes: ["electricBicycle"] },
      { kind: "osrm", url: "127.0.0.1:5000" },
      { kind: "straight", url: "http://127.0.0.1:5000" },
    ]) {
      expect(problemsOf({ municipality, router: wrong }).join("\n")).toContain("router");
    }
  });

  test("fills in secrets from the environment and paths from the file's folder", () => {
    const config = checkConfig(
      {
        municipality,
        database: "${DATABASE_URL}",
        sources: [
          {
            id: "north",
            adapter: "northcare",
            settings: { baseUrl: "https://north.example", token: "${NORTH_TOKEN}", folder: "inbox" },
          },
        ],
      },
      "/srv/klarsyn.config.json",
      { NORTH_TOKEN: "from-the-environment", DATABASE_URL: "postgres://localhost/klarsyn" },
      [northcare],
    );
    expect(config.sources[0]?.settings).toEqual({
      baseUrl: "https://north.example",
      token: "from-the-environment",
      folder: "/srv/inbox",
    });
    expect(config.database).toBe("postgres://localhost/klarsyn");
    expect(config.night).toEqual({ at: "04:30", reconcileDays: 62 });
  });

  test("uses the embedded database where DATABASE_URL is unset or empty", () => {
    for (const env of [{}, { DATABASE_URL: "" }]) {
      const config = checkConfig({ municipality, database: "${DATABASE_URL}" }, "klarsyn.config.json", env, []);
      expect(config.database).toBe("");
    }
  });

  test("reports everything that is wrong at once, and suggests the right word", () => {
    const problems = problemsOf(
      {
        municipality: { code: "192", name: "Nynäshamn" },
        nigth: { at: "04:30" },
        sources: [
          { id: "north", adapter: "nortcare", settings: {} },
          {
            id: "south",
            adapter: "northcare",
            settings: { baseUrl: "https://south.example", tokn: "x", token: "${SOUTH_TOKEN}" },
          },
          { id: "south", adapter: "northcare", settings: { baseUrl: "not a url", token: "${SOUTH_TOKEN}" } },
        ],
      },
      { PORT: "99999" },
    ).join("\n");
    expect(problems).toContain("municipality.code");
    expect(problems).toContain("nigth: is not a setting. Did you mean night?");
    expect(problems).toContain("SOUTH_TOKEN");
  });

  test("names an unknown adapter and the nearest known one", () => {
    const problems = problemsOf({ municipality, sources: [{ id: "north", adapter: "nortcare" }] });
    expect(problems).toEqual([
      "sources.0.adapter: there is no adapter nortcare. Did you mean northcare? Known: northcare.",
    ]);
  });

  test("refuses a secret that stands in the file, without repeating it", () => {
    const problems = problemsOf({
      municipality,
      sources: [{ id: "n", adapter: "northcare", settings: { baseUrl: "https://n.example", token: "hunter2" } }],
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain("sources.0.settings.token");
    expect(problems.join()).not.toContain("hunter2");
  });
});

describe("readConfig", () => {
  test("says where a file stops being JSON without quoting it, and where a missing one should be", () => {
    const folder = mkdtempSync(join(tmpdir(), "klarsyn-config-"));
    try {
      const file = join(folder, "klarsyn.config.json");
      expect(() => readConfig(file, {}, [])).toThrow(/There is no configuration at .*--config FILE/);
      writeFileSync(file, '{"municipality": {"code": "0192" "secret-value"}}');
      expect(() => readConfig(file, {}, [])).toThrow(/is not JSON/);
      expect(() => readConfig(file, {}, [])).not.toThrow(/secret-value/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("the schema for editors takes a secret only from the environment, and each adapter's own settings", () => {
  const schema = configurationSchema([northcare]) as {
    properties: Record<string, unknown> & { sources: { items: { properties: object; oneOf: unknown[] } } };
  };
  const fromEnvironment = { type: "string", pattern: String.raw`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$` };
  expect(schema.properties["database"]).toMatchObject({ anyOf: [fromEnvironment, { const: "" }] });
  expect(schema.properties.sources.items.properties).toMatchObject({ uploadKey: fromEnvironment });
  expect(schema.properties.sources.items.oneOf).toEqual([
    {
      properties: {
        adapter: { const: "northcare" },
        settings: {
          type: "object",
          properties: {
            baseUrl: { anyOf: [fromEnvironment, { type: "string", format: "uri" }] },
            token: fromEnvironment,
            folder: { type: "string" },
          },
          required: ["baseUrl", "token"],
          additionalProperties: false,
        },
      },
      required: ["settings"],
    },
  ]);
});
