import { type TableParts, tablesOf } from "#columns";
import { type Matches, matchesOf, type MatchParts } from "#match";
import { Journeys, type JourneySeconds, Travel } from "#travel";
import type { Rule } from "./define.ts";
import type { DirtySlices } from "./dirty.ts";
import { dirtySlices, type EngineInput, type Rest, restInOrder, walking } from "./engine.ts";
import { asText, type FindingText, type RowText } from "./kept.ts";

/*
 * A walk that two threads share. Both have the same tables, since their columns lie in memory that both read, and each
 * walks all slices for its own rules. Were each to walk half of the slices for all rules, the machine would have to make
 * the code of every rule fast twice, which takes as long as is won. What needs no matching begins while visits are matched.
 */

/** What the second thread is sent to begin with: plain data. */
interface Begin extends Pick<EngineInput, "tenant" | "parameters" | "exceptions" | "measures" | "goLive"> {
  kind: "begin";
  parts: TableParts;
  journeys: JourneySeconds;
  modes: Travel["unitModes"];
}

/** What is asked of it then: to walk for these rules, by id; null where the other thread has begun with them. */
export type Asked = Begin | { kind: "walk"; rules: readonly string[]; matches: MatchParts | null; taken: Int32Array };

/** Findings are told as they are found. */
export type Answer = Rest<RowText> | null;

/** `tell` hears of findings while the answer is waited for; of one that stands otherwise after all, again. */
export type Ask = (asked: Asked, tell: Tell) => Promise<Answer>;
/** What the second thread sends: findings while it walks, and at the end its answer. */
export type Told = { findings: readonly FindingText[] } | { answer: Answer };

export type Tell = (findings: readonly FindingText[]) => void;

/** The second thread's part: answers what it is asked. */
export class WalkBeside {
  readonly #rules: readonly Rule[];
  #input: EngineInput | null = null;

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  answer(asked: Asked, tell: Tell): Answer {
    if (asked.kind === "begin") {
      const { parts, journeys, modes, ...input } = asked;
      const tables = tablesOf(parts);
      const travel = new Travel(tables, new Journeys(journeys), modes);
      this.#input = { ...input, tables, travel, rules: [], figures: false };
      return null;
    }
    if (!take(asked.taken)) return null;
    const input = this.#input!;
    const matches = asked.matches === null ? {} : { matches: matchesOf(input.tables, asked.matches) };
    const rules = this.#rules.filter(({ id }) => asked.rules.includes(id));
    const going = walking({ ...input, ...matches, rules }, asText);
    for (;;) {
      const { done, value } = going.next();
      if (done === true) return value;
      if (value.length > 0) tell(value);
    }
  }
}

/** True for the thread that asks first. */
const take = (taken: Int32Array): boolean => Atomics.exchange(taken, 0, 1) === 0;
const notTaken = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));

/**
 * Rules of which none need know what those of another part have reported: those that ask for all figures of a client's
 * month, which are computed as the client is walked, those that need no matching, and the others. Rules about a visit, a
 * day or an order ask settlement for terms, or for the figures of a few.
 */
function inParts(rules: readonly Rule[]): Record<"here" | "early" | "others", readonly Rule[]> {
  const linked = new Set(rules.flatMap(({ id, yieldsTo }) => (yieldsTo.length > 0 ? [id, ...yieldsTo] : [])));
  const ofMonths = ["claim", "client-month"];
  const waits = ({ reads }: Rule): boolean => reads.includes("matches") || reads.includes("settlement");
  const linkedWait = rules.some((rule) => linked.has(rule.id) && waits(rule));
  const parts = Object.groupBy(rules, (rule) => {
    if (linked.has(rule.id)) return linkedWait ? "others" : "early";
    if (!waits(rule)) return "early";
    return rule.reads.includes("settlement") && ofMonths.includes(rule.scope) ? "figures" : "others";
  });
  const { figures = [], early = [], others = [] } = parts;
  if (figures.length + others.length > 0) return { here: figures, early, others };
  // Nothing waits for anything: this thread takes those that stand alone.
  const [alone = [], together = []] = [false, true].map((is) => early.filter(({ id }) => linked.has(id) === is));
  return { here: alone, early: together, others };
}

/** What is under way of a run: its findings can be written while the rest are looked for. */
export interface Checking {
  /** As they are found, to be read once and to the end; fails where the run does. One that stands otherwise after all comes again. */
  findings: AsyncIterable<readonly FindingText[]> | Iterable<readonly FindingText[]>;
  /** Once all are found; never where the run fails. */
  result: Promise<Rest<RowText>>;
  /** As of an `EngineResult`, once all are found. */
  covers: (slice: string) => boolean;
}

/** Of findings that come until there is a result. */
function checking(
  { covers }: DirtySlices,
  find: () => AsyncGenerator<readonly FindingText[], Rest<RowText>>,
): Checking {
  const { promise: result, resolve } = Promise.withResolvers<Rest<RowText>>();
  async function* findings() {
    resolve(yield* find());
  }
  return { findings: findings(), result, covers };
}

/** As `runEngine`, as text, while its findings are read. */
export function beginAlone(input: EngineInput): Checking {
  const dirty = dirtySlices(input);
  return checking(dirty, async function* () {
    return restInOrder([yield* walking(input, asText, dirty)]);
  });
}

/**
 * As `beginAlone`, and where everything is looked at together with a second thread, if there is one: it begins at once.
 * Gives what walks the rest, once visits are matched, where some rule asks for that.
 */
export function beginBeside(
  input: Omit<EngineInput, "matches"> & Required<Pick<EngineInput, "travel">>,
  ask: Ask | null,
): (matches?: Matches) => Checking {
  if (ask === null || (input.evaluate ?? "all") !== "all")
    return (matches) => beginAlone({ ...input, ...(matches && { matches }) });
  const other = { told: [] as Array<readonly FindingText[]>, ended: false, wake: (): void => undefined };
  // What fails there is told when it is waited for; where this thread fails first, nobody does.
  const asks = (asked: Asked): Promise<Answer> => {
    const answer = ask(asked, (findings) => {
      other.told.push(findings);
      other.wake();
    });
    answer.catch(() => undefined);
    return answer;
  };
  const { tenant, tables, travel, parameters = [], exceptions = [], measures = [], goLive = null } = input;
  const plain = { tenant, parameters, exceptions, measures, goLive };
  const { unitModes: modes } = travel;
  const begun = asks({ kind: "begin", parts: tables.parts, journeys: travel.journeys.parts, modes, ...plain });
  const { here, early, others } = inParts(input.rules);
  const idsOf = (rules: readonly Rule[]): string[] => rules.map(({ id }) => id);
  const first = asks({ kind: "walk", rules: idsOf(early), matches: null, taken: notTaken() });
  return (matches) =>
    checking(dirtySlices(input), async function* () {
      const taken = notTaken();
      const second = asks({ kind: "walk", rules: idsOf(others), matches: matches?.parts ?? null, taken });
      const there = Promise.all([begun, first, second]).finally(() => {
        other.ended = true;
        other.wake();
      });
      there.catch(() => undefined);
      // What the other thread finds is handed over between what is found here.
      async function* walkHere(rules: readonly Rule[], settles: boolean) {
        const going = walking({ ...input, ...(matches && { matches }), rules, figures: settles }, asText);
        for (;;) {
          const { done, value } = going.next();
          if (done === true) return value;
          yield value;
          yield* other.told.splice(0);
        }
      }
      const walked: Array<Rest<RowText>> = [yield* walkHere(here, input.figures !== false)];
      if (take(taken)) walked.push(yield* walkHere(others, false));
      while (!other.ended || other.told.length > 0) {
        if (other.told.length === 0) await new Promise<void>((resolve) => (other.wake = resolve));
        yield* other.told.splice(0);
      }
      return restInOrder([...walked, ...(await there).filter((answer) => answer !== null)]);
    });
}
