import { describe, expect, test } from "vitest";
import { type SourcedRecord, type Tables, tablesFrom } from "#columns";
import { matchVisits } from "#match";
import { day, formatDay, samples } from "#model";
import {
  type Ask,
  asText,
  beginBeside,
  type Checking,
  type EngineInput,
  type FindingText,
  runEngine,
  WalkBeside,
} from "#rule";
import { rules } from "#rules";
import { Travel } from "#travel";
import { SecondThread } from "../../src/operations/second-thread.ts";

const { at, sample, sampleMunicipality } = samples;
const period = { from: day("2026-09-01"), through: day("2026-10-31") };
const asOf = at("2026-11-10 04:30");

/** Clients of several blocks, whose staff come twice at the same time, elsewhere at once, and too long. */
function records(): SourcedRecord[] {
  const all: SourcedRecord[] = [];
  for (let client = 0; client < 150; client++) {
    all.push(sample("clients", `C-${client}`, { householdId: `H-${client % 80}` }));
    for (let date = period.from + (client % 3); date <= period.through; date += 6) {
      const visit = (id: string, start: string, end: string, staff: number): void => {
        all.push(
          sample("visits", `v-${client}-${date}-${id}`, {
            clientId: `C-${client}`,
            staffId: `S-${staff}`,
            start: `${formatDay(date)} ${start}`,
            end: `${formatDay(date)} ${end}`,
          }),
        );
      };
      visit("a", "08:00", client % 5 === 0 ? "20:00" : "08:40", client % 9);
      if (client % 4 === 0) visit("b", "08:02", "08:41", client % 9);
      if (client % 7 === 0) visit("c", "08:10", "08:50", 20 + (client % 3));
    }
    all.push(
      sample("claims", `c-${client}`, {
        clientId: `C-${client}`,
        from: "2026-10-05",
        to: "2026-10-11",
        minutes: 100 + client,
      }),
    );
  }
  return [...sampleMunicipality(), ...all];
}

const inputOf = (tables: Tables) =>
  ({ tenant: "0192", tables, travel: new Travel(tables), rules }) satisfies EngineInput;

/** Asked and answered as between threads, but in this one. */
const answered = (): Ask => {
  const beside = new WalkBeside(rules);
  return (asked, tell) => {
    const answer = beside.answer(structuredClone(asked), (findings) => tell(structuredClone(findings)));
    return Promise.resolve(structuredClone(answer));
  };
};

/** What a run gives, once its findings are read; the last that is handed over of each is how it stands. */
async function read({ findings: found, result, covers }: Checking) {
  const handed = new Map<string, FindingText>();
  let parts = 0;
  for await (const part of found) {
    if (part.length > 0) parts++;
    for (const finding of part) handed.set(finding.id, finding);
  }
  const findings = [...handed.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ...(await result), findings, covers, parts };
}

describe("a walk that is shared", () => {
  const tables = tablesFrom(records(), { asOf, period });
  const matches = matchVisits(tables);
  const alone = runEngine({ ...inputOf(tables), matches }, asText);
  const compared = ({ findings, outcomes, measures, settlement }: Omit<typeof alone, "covers">) => ({
    findings,
    outcomes,
    measures,
    settlement: settlement.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  });

  test("finds the same with a thread beside it", async () => {
    await using thread = new SecondThread(new URL("../../src/check-thread.ts", import.meta.url));
    const shared = await read(beginBeside(inputOf(tables), thread.ask)(matches));
    expect(shared.parts).toBeGreaterThan(3);
    expect(alone.findings.length).toBeGreaterThan(500);
    expect(compared(shared)).toEqual(compared(alone));
    expect(shared.covers("client-month:files/C-1:2026-10")).toBe(true);
  });

  test("finds the same where the other one is faster, or slower", async () => {
    const fast = answered();
    expect(compared(await read(beginBeside(inputOf(tables), fast)(matches)))).toEqual(compared(alone));
    const slow = answered();
    const late: Ask = async (asked, tell) => {
      await Promise.resolve();
      return slow(asked, tell);
    };
    expect(compared(await read(beginBeside(inputOf(tables), late)(matches)))).toEqual(compared(alone));
  });

  test("finds the same with rules of which none waits for matching", async () => {
    const some = rules.filter(({ reads }) => !reads.includes("matches") && !reads.includes("settlement"));
    const input = { ...inputOf(tables), rules: some, figures: false };
    const shared = await read(beginBeside(input, answered())());
    expect(compared(shared)).toEqual(compared(runEngine(input, asText)));
    expect(shared.findings.length).toBeGreaterThan(100);
  });

  test("asks nothing where only a part is looked at", async () => {
    const evaluate = { clients: new Set([1, 2]), staff: new Set<number>() };
    const asks: Ask = () => Promise.reject(new Error("nobody is asked"));
    const some = await read(beginBeside({ ...inputOf(tables), evaluate }, asks)(matches));
    expect(some.findings).toEqual(runEngine({ ...inputOf(tables), matches, evaluate }, asText).findings);
    expect(some.findings.length).toBeGreaterThan(0);
  });

  test("fails where the thread ended before it was asked", async () => {
    await using thread = new SecondThread(new URL("data:text/javascript,throw new Error('no such thing')"));
    const shared = () => read(beginBeside(inputOf(tables), thread.ask)(matches));
    await expect(shared()).rejects.toThrow("no such thing");
    await expect(shared()).rejects.toThrow("no such thing");
  });

  test("fails where the thread fails", async () => {
    await using thread = new SecondThread(new URL("../../src/check-thread.ts", import.meta.url));
    const broken = { ...tables, parts: null } as unknown as Tables;
    await expect(read(beginBeside({ ...inputOf(tables), tables: broken }, thread.ask)(matches))).rejects.toThrow(
      "reading 'visits'",
    );
  });
});
