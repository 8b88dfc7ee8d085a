import type { Level } from "#rule";
import { add, type CaseScore, emptyScore, intensities, type RuleScore, type SeedScore } from "./judge.ts";

/** Wilson's interval of a share, at 95 percent; all there is where nothing was tried. */
export function wilson(hits: number, of: number): { low: number; high: number } {
  if (of === 0) return { low: 0, high: 1 };
  const z = 1.959_964;
  const share = hits / of;
  const middle = share + (z * z) / (2 * of);
  const half = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  const scale = 1 + (z * z) / of;
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) };
}

export interface Run {
  command: string;
  seeds: readonly SeedScore[];
  /** The level of each rule that exists, and its title. */
  levels: ReadonlyMap<string, Level>;
}

interface Totals {
  rules: Array<{ id: string; level: Level | null; score: RuleScore }>;
  cases: Array<{ name: string; score: CaseScore }>;
  clientDays: number;
  visits: number;
  first: { shown: number; real: number };
}

const order: ReadonlyArray<Level | null> = ["quality", "error", "indicator", "pattern", null];

export function totalsOf({ seeds, levels }: Run): Totals {
  const rules = new Map<string, RuleScore>();
  const cases = new Map<string, CaseScore>();
  const first = { shown: 0, real: 0 };
  for (const seed of seeds) {
    for (const [id, score] of Object.entries(seed.rules)) {
      let total = rules.get(id);
      if (total === undefined) rules.set(id, (total = emptyScore()));
      add(total, score);
    }
    for (const [name, score] of Object.entries(seed.cases)) {
      const total = cases.get(name);
      if (total === undefined) cases.set(name, structuredClone(score));
      else {
        total.rules = [...new Set([...total.rules, ...score.rules])];
        add(total, score);
      }
    }
    add(first, seed.first);
  }
  return {
    rules: [...rules]
      .map(([id, score]) => ({ id, level: levels.get(id) ?? null, score }))
      .sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level) || a.id.localeCompare(b.id)),
    cases: [...cases].map(([name, score]) => ({ name, score })),
    clientDays: seeds.reduce((sum, { clientDays }) => sum + clientDays, 0),
    visits: seeds.reduce((sum, { visits }) => sum + visits, 0),
    first,
  };
}

export interface Limit {
  text: string;
  holds: boolean;
  /** What fails it. */
  but: string[];
}

/** The share of its plants that each rule must find, and at which intensity. */
const recallOf: Readonly<Record<Level, { least: number; strongest: boolean }>> = {
  quality: { least: 1, strongest: false },
  error: { least: 1, strongest: false },
  indicator: { least: 0.95, strongest: false },
  pattern: { least: 0.9, strongest: true },
};

function strongestOf(score: RuleScore) {
  const intensity = intensities.findLast((one) => score.by[one].planted > 0);
  return intensity === undefined ? { planted: 0, found: 0 } : score.by[intensity];
}

export function limitsOf({ rules, cases, clientDays }: Totals): Limit[] {
  const limits: Limit[] = [];
  for (const [level, { least, strongest }] of Object.entries(recallOf) as Array<[Level, (typeof recallOf)[Level]]>) {
    const but = rules
      .filter((rule) => rule.level === level)
      .map(({ id, score }) => ({ id, ...(strongest ? strongestOf(score) : score) }))
      .filter(({ planted, found }) => planted > 0 && found < least * planted)
      .map(({ id, planted, found }) => `${id} ${found} of ${planted}`);
    const at = strongest ? " at the highest intensity" : "";
    limits.push({
      text: `every ${level} rule finds at least ${least.toFixed(2)} of its plants${at}`,
      holds: but.length === 0,
      but,
    });
  }
  const wrong = (levels: readonly Level[]) =>
    rules.filter(({ level, score }) => level !== null && levels.includes(level) && score.false > 0);
  const errors = wrong(["error"]);
  limits.push({
    text: "no false finding of an error rule",
    holds: errors.length === 0,
    but: errors.map(({ id, score }) => `${id} ${score.false}`),
  });
  const others = wrong(["indicator", "pattern"]);
  const count = others.reduce((sum, { score }) => sum + score.false, 0);
  const rate = (count * 10_000) / clientDays;
  limits.push({
    text: `at most 1 false finding of indicator and pattern rules per 10,000 client-days: ${rate.toFixed(2)}`,
    holds: rate <= 1,
    but: others.map(({ id, score }) => `${id} ${score.false}`),
  });
  // A case whose rules do not exist yet is not judged.
  const judged = cases.filter(({ score }) =>
    score.rules.some((id) => rules.some((rule) => rule.id === id && rule.level !== null)),
  );
  const lost = judged.filter(({ score }) => score.planted === 0 || score.found < score.planted);
  limits.push({
    text: "all documented cases are found",
    holds: lost.length === 0,
    but: lost.map(({ name, score }) => `${name} ${score.found} of ${score.planted}`),
  });
  const accused = judged.filter(({ score }) => score.accused > 0);
  limits.push({
    text: "none of their twins is accused",
    holds: accused.length === 0,
    but: accused.map(({ name, score }) => `${name} ${score.accused} of ${score.twins}`),
  });
  return limits;
}

const share = (hits: number, of: number) => {
  if (of === 0) return "–";
  const { low, high } = wilson(hits, of);
  return `${(hits / of).toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
};
const kronor = (ore: number) => (ore === 0 ? "–" : String(Math.round(ore / 100)));
const minutes = (count: number) => (count === 0 ? "–" : String(Math.round(count)));

export interface Table {
  title: string;
  head: string[];
  rows: string[][];
}

export function tablesOf({ rules, cases, clientDays, first }: Totals): Table[] {
  const perRule = rules.map(({ id, level, score }) => [
    id,
    level ?? "no rule",
    String(score.planted),
    ...(level === null
      ? ["–", "–", "–", "–", "–"]
      : [
          String(score.found),
          String(score.planted - score.found),
          String(score.false),
          String(score.side),
          `${score.accused}/${score.twins}`,
        ]),
    level === null ? "–" : share(score.found, score.planted),
    level === null ? "–" : share(score.found, score.found + score.false),
  ]);
  const strengths = rules
    .filter(
      ({ level, score }) => level !== null && intensities.some((one) => one !== "visit" && score.by[one].planted > 0),
    )
    .map(({ id, score }) => [
      id,
      ...intensities.map((one) =>
        score.by[one].planted === 0 ? "–" : `${score.by[one].found}/${score.by[one].planted}`,
      ),
    ]);
  const stakes = rules
    .filter(({ level, score }) => level !== null && score.minutesPlanted + score.orePlanted > 0)
    .map(({ id, score }) => [
      id,
      minutes(score.minutesPlanted),
      score.minutesPlanted === 0 ? "–" : minutes(score.minutesFound) === "–" ? "0" : minutes(score.minutesFound),
      kronor(score.orePlanted),
      score.orePlanted === 0 ? "–" : String(Math.round(score.oreFound / 100)),
    ]);
  const rates = rules
    .filter(({ level, score }) => level !== null && level !== "quality" && score.false > 0)
    .map(({ id, level, score }) => [id, level!, String(score.false), ((score.false * 10_000) / clientDays).toFixed(3)]);
  return [
    {
      title: "Rules",
      head: [
        "rule",
        "level",
        "planted",
        "found",
        "missed",
        "false",
        "side",
        "twins accused",
        "recall (95 %)",
        "precision (95 %)",
      ],
      rows: perRule,
    },
    {
      title: "By intensity",
      head: ["rule", "one visit or day", "somebody's month", "a unit or provider"],
      rows: strengths,
    },
    { title: "Stakes", head: ["rule", "minutes planted", "found", "kronor planted", "found"], rows: stakes },
    {
      title: "Documented cases",
      head: ["case", "rules", "planted", "found", "twins", "accused"],
      rows: cases.map(({ name, score }) => [
        name,
        score.rules.join(", "),
        String(score.planted),
        String(score.found),
        String(score.twins),
        String(score.accused),
      ]),
    },
    { title: "False findings per 10,000 client-days", head: ["rule", "level", "false", "rate"], rows: rates },
    {
      title: "Ranking",
      head: ["what", "value"],
      rows: [
        [
          "of a handler's first 50 findings by stake, real",
          `${first.real} of ${first.shown}: ${share(first.real, first.shown)}`,
        ],
      ],
    },
  ];
}

export function asText(table: Table): string {
  const widths = table.head.map((name, index) => Math.max(name.length, ...table.rows.map((row) => row[index]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((one, index) => one.padEnd(widths[index]!))
      .join("  ")
      .trimEnd();
  return [table.title, line(table.head), ...table.rows.map(line), ""].join("\n");
}

const marked = (limit: Limit) =>
  `${limit.holds ? "holds" : "FAILS"}: ${limit.text}${limit.but.length === 0 ? "" : ` (${limit.but.join("; ")})`}`;

export const limitsAsText = (limits: readonly Limit[]) => limits.map((limit) => `${marked(limit)}\n`).join("");

/** The page of the documentation: what was run, what came of it, and what the words mean. */
export function asMarkdown(
  { command, seeds }: Run,
  tables: readonly Table[],
  limits: readonly Limit[],
  totals: Totals,
): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const table = ({ title, head, rows }: Table) =>
    rows.length === 0
      ? []
      : [
          `## ${title}`,
          "",
          `| ${head.map(cell).join(" | ")} |`,
          `| ${head.map(() => "---").join(" | ")} |`,
          ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
          "",
        ];
  return `${[
    "# How well the rules find what is planted",
    "",
    "Made by",
    "",
    "```sh",
    command,
    "```",
    "",
    `over ${seeds.length} invented municipalities with ${totals.clientDays} client-days and ${totals.visits} visits.`,
    "Each is served by its simulated systems, read by a night of Klarsyn, and what the night finds is held against what was planted.",
    "What is planted is made in the world, of who was where, and knows nothing of rules and their thresholds.",
    "A twin looks alike and is innocent. A side finding rests on what was planted for another rule. Data quality accuses nobody.",
    "",
    "## Limits",
    "",
    ...limits.map((limit) => `- ${marked(limit)}`),
    "",
    ...tables.flatMap(table),
  ]
    .join("\n")
    .trimEnd()}\n`;
}
