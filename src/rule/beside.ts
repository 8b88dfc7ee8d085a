import { type TableParts, tablesOf } from "#columns";
import { matchesOf, type MatchParts } from "#match";
import { Journeys, type JourneySeconds, Travel } from "#travel";
import type { Rule } from "./define.ts";
import { type EngineInput, type EngineResult, EngineWalk, type ReportedPair } from "./engine.ts";
import { asText, type FindingText, type RowText } from "./kept.ts";
import type { MadeMeasures } from "./measures.ts";

/*
 * A walk that two threads share. Both have the same tables, since their columns lie in memory that both read, and take
 * block after block of clients, then of providers and of staff, from one counter: whoever is faster takes more. In between they tell each
 * other what a rule may ask of the other's slices: pairs that were reported, and what was measured in months before.
 */

/** What the second thread is sent to begin with: plain data, and rules by their ids. */
export interface Begin extends Pick<
  EngineInput,
  "tenant" | "parameters" | "exceptions" | "measures" | "goLive" | "evaluate"
> {
  kind: "begin";
  rules: readonly string[];
  parts: TableParts;
  matches: MatchParts;
  journeys: JourneySeconds;
  modes: Travel["unitModes"];
  counter: Int32Array;
}

/** What is asked of it then, one after the other. */
export type Asked =
  | Begin
  | { kind: "clients"; month: number }
  | { kind: "staff"; month: number; pairs: readonly ReportedPair[]; providers: boolean }
  | { kind: "measured"; month: number; made: MadeMeasures; anew: readonly string[] }
  | { kind: "found" };

/** What it answers. */
export interface Answer {
  pairs?: readonly ReportedPair[];
  made?: MadeMeasures;
  anew?: readonly string[];
  found?: Omit<EngineResult<FindingText, RowText>, "covers">;
}

export type Ask = (asked: Asked) => Promise<Answer>;

const turns = ["clients", "providers", "staff"] as const;
/** Rows of all are in one counter: the month and whose turn it is say where it begins. */
const taker = (counter: Int32Array, at: number) => (): number => Atomics.add(counter, at, 1);
const counterFor = (months: number): Int32Array => new Int32Array(new SharedArrayBuffer(months * turns.length * 4));
const turn = (month: number, who: (typeof turns)[number]): number => month * turns.length + turns.indexOf(who);

/** The second thread's part of the walk: answers what it is asked. */
export class WalkBeside {
  readonly #rules: readonly Rule[];
  #walk: EngineWalk<FindingText, RowText> | null = null;
  #counter: Int32Array = new Int32Array(0);

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  answer(asked: Asked): Answer {
    if (asked.kind === "begin") return this.#begin(asked);
    const walk = this.#walk!;
    switch (asked.kind) {
      case "clients":
        walk.clients(asked.month, taker(this.#counter, turn(asked.month, "clients")));
        return { pairs: walk.reportedPairs() };
      case "staff":
        walk.know(asked.pairs);
        if (asked.providers) walk.providers(asked.month, taker(this.#counter, turn(asked.month, "providers")));
        walk.staff(asked.month, taker(this.#counter, turn(asked.month, "staff")));
        return { pairs: walk.reportedPairs(), made: walk.measured(asked.month), anew: walk.measuredAnew(asked.month) };
      case "measured":
        walk.knowMeasured(asked.made);
        walk.mark(asked.month, asked.anew);
        return {};
      default:
        return { found: walk.found() };
    }
  }

  #begin({ parts, matches, journeys, modes, rules: ids, counter, ...input }: Begin): Answer {
    const tables = tablesOf(parts);
    this.#counter = counter;
    this.#walk = new EngineWalk(
      {
        ...input,
        tables,
        matches: matchesOf(tables, matches),
        travel: new Travel(tables, new Journeys(journeys), modes),
        rules: this.#rules.filter(({ id }) => ids.includes(id)),
      },
      asText,
    );
    return {};
  }
}

/** As `runEngine`, together with a second thread where there is one, and as text. */
export async function runBeside(
  input: EngineInput & Required<Pick<EngineInput, "matches" | "travel">>,
  ask: Ask | null,
): Promise<EngineResult<FindingText, RowText>> {
  const walk = new EngineWalk(input, asText);
  const counter = counterFor(walk.months);
  // What fails there is told when it is waited for; where this thread fails first, nobody does.
  const asks = (asked: Asked): Promise<Answer> | undefined => {
    const answer = ask?.(asked);
    answer?.catch(() => undefined);
    return answer;
  };
  const { tenant, tables, matches, travel, rules, parameters = [], exceptions = [], measures = [] } = input;
  // Answered with the first block: an answer that says nothing is not waited for.
  void asks({
    kind: "begin",
    tenant,
    parts: tables.parts,
    matches: matches.parts,
    journeys: travel.journeys.parts,
    modes: travel.unitModes,
    rules: rules.map(({ id }) => id),
    parameters,
    exceptions,
    measures,
    goLive: input.goLive ?? null,
    evaluate: input.evaluate ?? "all",
    counter,
  });
  // A rule about units or providers that yields to one about staff has to wait for them.
  const others = ["unit-month", "provider-month", "source"];
  const waits = rules.some(
    ({ scope, otherScopes, yieldsTo }) =>
      yieldsTo.length > 0 && [scope, ...otherScopes.map((other) => other.scope)].some((one) => others.includes(one)),
  );
  for (let month = 0; month < walk.months; month++) {
    const clients = asks({ kind: "clients", month });
    walk.clients(month, taker(counter, turn(month, "clients")));
    walk.know((await clients)?.pairs ?? []);
    const staff = asks({ kind: "staff", month, pairs: walk.reportedPairs(), providers: !waits });
    if (!waits) {
      walk.sources(month);
      walk.providers(month, taker(counter, turn(month, "providers")));
    }
    walk.staff(month, taker(counter, turn(month, "staff")));
    const there = await staff;
    if (waits) {
      walk.know(there?.pairs ?? []);
      walk.providers(month);
      walk.sources(month);
    }
    if (month + 1 === walk.months) break;
    const anew = [...walk.measuredAnew(month), ...(there?.anew ?? [])];
    await asks({ kind: "measured", month, made: walk.measured(month), anew });
    walk.knowMeasured(there?.made ?? []);
    walk.mark(month, anew);
  }
  const found = (await asks({ kind: "found" }))?.found;
  return walk.result(...(found === undefined ? [] : [found]));
}
