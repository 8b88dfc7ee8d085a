import { day as dayOfDate, formatDay } from "#model";
import type { Rule } from "#rule";
import type { Finding, OutcomeCount } from "#store";
import type { Label, World } from "#synthetic";

export const intensities = ["visit", "month", "unit"] as const;
export type Intensity = (typeof intensities)[number];

export interface Count {
  planted: number;
  found: number;
}

/** What became of one rule's plants and twins at one seed; sums over seeds have the same form. */
export interface RuleScore extends Count {
  by: Record<Intensity, Count>;
  /** Accuses somebody whom nothing was planted on. */
  false: number;
  /** Rests on what was planted for another rule. */
  side: number;
  twins: number;
  accused: number;
  minutesPlanted: number;
  minutesFound: number;
  orePlanted: number;
  oreFound: number;
}

export interface CaseScore extends Count {
  rules: string[];
  twins: number;
  accused: number;
}

export interface SeedScore {
  seed: number;
  clientDays: number;
  visits: number;
  findings: number;
  seconds: number;
  rules: Record<string, RuleScore>;
  cases: Record<string, CaseScore>;
  /** Of a handler's first fifty by what is at stake: how many there are, and how many of them rest on a plant. */
  first: { shown: number; real: number };
  remarks: Record<"missed" | "false" | "accused" | "nothing", Array<{ rule: string; text: string }>>;
}

/** Every id, alone and after its source, by which a finding may show somebody. */
function names(all: Array<{ id: string; ids: Partial<Record<string, string>> }>): Map<string, Set<string>> {
  const named = new Map<string, Set<string>>();
  const add = (name: string, id: string) => void named.set(name, (named.get(name) ?? new Set()).add(id));
  for (const { id, ids } of all) {
    for (const [source, own] of Object.entries(ids)) {
      if (own === undefined) continue;
      add(own, id);
      add(`${source}/${own}`, id);
    }
  }
  return named;
}

const subjects = ["staff", "client", "unit", "provider"] as const;
const keyOf = ({ entity, source, id }: Label["records"][number] | Finding["records"][number]) =>
  `${entity} ${source} ${id}`;

/** Holds findings against what was planted. */
export function judge(
  world: World,
  findings: readonly Finding[],
  rules: readonly Rule[],
  outcomes: readonly OutcomeCount[],
): Omit<SeedScore, "seed" | "seconds"> {
  const staff = world.staff.flatMap(({ id, hsaId, employments }) =>
    employments.map(({ ids }) => ({ id, ids: { ...ids, hsa: hsaId } })),
  );
  const known = {
    client: names(world.clients),
    staff: names(staff),
    unit: names(world.units),
    provider: names(world.providers.map(({ id }) => ({ id, ids: { files: id } }))),
  };
  const is = (kind: (typeof subjects)[number], shown: string, meant: string) =>
    known[kind].get(shown)?.has(meant) ?? shown === meant;
  const sameDays = (finding: Finding, label: Label) =>
    finding.fromDay <= dayOfDate(label.through) && finding.throughDay >= dayOfDate(label.from);

  const recordsOf = new Map(world.labels.map((label) => [label, new Set(label.records.map(keyOf))]));

  /** The finding is about what the label says. */
  function speaksOf(finding: Finding, label: Label): boolean {
    if (finding.ruleId !== label.rule) return false;
    if (finding.records.length > 0 && label.records.length > 0) {
      const records = recordsOf.get(label)!;
      return finding.records.some((record) => records.has(keyOf(record)));
    }
    if (!sameDays(finding, label)) return false;
    const source = /^source-month:(.*):\d{4}-\d{2}$/.exec(finding.slice)?.[1];
    if (source !== undefined) {
      if ((label.source ?? label.records[0]?.source) !== source) return false;
      // A source says the same of many records: the one that is meant is named.
      return label.rule !== "version-conflict" || label.records.some(({ id }) => finding.reason.includes(` ${id} `));
    }
    const same = (kind: (typeof subjects)[number]) => {
      const shown = finding[kind];
      const meant = label[kind];
      return shown === null || meant === undefined ? null : is(kind, shown, meant);
    };
    // People decide where either speaks of any: units and providers only where neither does.
    const people = [same("staff"), same("client")];
    if (people.includes(false)) return false;
    if (people.includes(true)) return true;
    if (finding.staff !== null || finding.client !== null) return false;
    if (label.staff !== undefined || label.client !== undefined) return false;
    return same("unit") ?? same("provider") ?? false;
  }

  const planted = world.labels.filter((label) => label.planted);
  const plantedRecords = new Set(planted.flatMap(({ records }) => records.map(keyOf)));
  /** What was planted for another rule explains it: the same records, or the same person or unit at the same time. */
  function follows(finding: Finding): boolean {
    if (finding.records.some((record) => plantedRecords.has(keyOf(record)))) return true;
    const kind = subjects.find((one) => finding[one] !== null);
    if (kind === undefined) return false;
    return planted.some((label) => {
      const meant = label[kind];
      if (meant === undefined || !sameDays(finding, label)) return false;
      // What one visit says of a unit or provider, it does not say alone.
      const wide = kind === "staff" || kind === "client" || label.intensity === "unit";
      return wide && is(kind, finding[kind]!, meant);
    });
  }

  const ofRule = Map.groupBy(findings, ({ ruleId }) => ruleId);
  const labelsOf = Map.groupBy(world.labels, ({ rule }) => rule);
  const scores: SeedScore["rules"] = {};
  const cases: SeedScore["cases"] = {};
  const remarks: SeedScore["remarks"] = {
    missed: [],
    false: [],
    accused: [],
    nothing: outcomes.map(({ ruleId, outcome, cause, count }) => ({
      rule: ruleId,
      text: `${outcome} ${count} times: ${cause}`,
    })),
  };
  const unreal = new Set<Finding>();
  for (const id of new Set([...rules.map((rule) => rule.id), ...labelsOf.keys()])) {
    const found = ofRule.get(id) ?? [];
    const labels = labelsOf.get(id) ?? [];
    const own = labels.filter((label) => label.planted);
    const twins = labels.filter((label) => !label.planted);
    const score = emptyScore();
    const foundLabels = new Set<Label>();
    const explained = new Set<Finding>();
    for (const label of own) {
      const those = found.filter((finding) => speaksOf(finding, label));
      for (const finding of those) explained.add(finding);
      if (label.optional === true) continue;
      const { intensity = "visit", minutes = 0, amountOre = 0 } = label;
      score.planted++;
      score.by[intensity].planted++;
      score.minutesPlanted += minutes;
      score.orePlanted += amountOre;
      if (those.length === 0) {
        const who = label.client ?? label.staff ?? label.unit ?? label.provider ?? label.source ?? "";
        const records = label.records.slice(0, 3).map((record) => `${record.source}/${record.id}`);
        remarks.missed.push({ rule: id, text: `${label.what} (${label.from} ${who} ${records.join(" ")})` });
        continue;
      }
      foundLabels.add(label);
      score.found++;
      score.by[intensity].found++;
      // What the plant is worth: a finding over a month may rest on more.
      if (minutes > 0)
        score.minutesFound += Math.min(
          minutes,
          sum(those, (finding) => finding.minutes ?? 0),
        );
      if (amountOre > 0)
        score.oreFound += Math.min(
          amountOre,
          sum(those, (finding) => finding.amountOre ?? 0),
        );
    }
    const loose = found.filter((finding) => !explained.has(finding));
    const accusing = new Set<Finding>();
    const accused = twins.filter((twin) => {
      const those = loose.filter((finding) => speaksOf(finding, twin));
      for (const finding of those) accusing.add(finding);
      return those.length > 0;
    });
    for (const { what, from, records } of accused) {
      const ids = records.slice(0, 3).map((record) => `${record.source}/${record.id}`);
      remarks.accused.push({ rule: id, text: `${what} (${from} ${ids.join(" ")})` });
    }
    for (const finding of loose) {
      if (!accusing.has(finding) && follows(finding)) {
        score.side++;
        continue;
      }
      score.false++;
      unreal.add(finding);
      const ids = finding.records.slice(0, 4).map(({ source, id: own_ }) => `${source}/${own_}`);
      const { reason, client, staff: carer, provider } = finding;
      const who = [client, carer, provider].filter((one) => one !== null).join(" ");
      remarks.false.push({ rule: id, text: `${reason} (${formatDay(finding.fromDay)} ${who} ${ids.join(" ")})` });
    }
    score.twins = twins.length;
    score.accused = accused.length;
    scores[id] = score;

    // A case is played at its strongest; weaker forms of it are the rule's own matter.
    const strongest = intensities.findLast((one) => score.by[one].planted > 0);
    for (const label of labels) {
      if (label.case === undefined || label.optional === true) continue;
      const played = (cases[label.case] ??= { rules: [], planted: 0, found: 0, twins: 0, accused: 0 });
      if (!played.rules.includes(id)) played.rules.push(id);
      if (!label.planted) {
        played.twins++;
        if (accused.includes(label)) played.accused++;
      } else if ((label.intensity ?? "visit") === strongest) {
        played.planted++;
        if (foundLabels.has(label)) played.found++;
      }
    }
  }

  const queue = findings
    .filter(({ severity, level }) => severity !== "info" && level !== "quality")
    .toSorted((a, b) => stake(b) - stake(a) || a.id.localeCompare(b.id))
    .slice(0, 50);
  const days = dayOfDate(world.through) - dayOfDate(world.from) + 1;
  return {
    clientDays: world.clients.filter(({ ids }) => ids.files !== undefined).length * days,
    visits: world.visits.length,
    findings: findings.length,
    rules: scores,
    cases,
    first: { shown: queue.length, real: queue.filter((finding) => !unreal.has(finding)).length },
    remarks,
  };
}

const sum = <T>(list: readonly T[], of: (one: T) => number) => list.reduce((total, one) => total + of(one), 0);
/** Öre, or minutes at the usual price of some eight kronor. */
const stake = ({ amountOre, minutes }: Finding) => amountOre ?? (minutes ?? 0) * 800;

export function emptyScore(): RuleScore {
  const none = (): Count => ({ planted: 0, found: 0 });
  return {
    ...none(),
    by: { visit: none(), month: none(), unit: none() },
    false: 0,
    side: 0,
    twins: 0,
    accused: 0,
    minutesPlanted: 0,
    minutesFound: 0,
    orePlanted: 0,
    oreFound: 0,
  };
}

/** Adds numbers and what holds numbers; other values stay as they are. */
export function add<T extends object>(into: T, more: T): T {
  for (const [key, value] of Object.entries(more) as Array<[keyof T, unknown]>) {
    if (typeof value === "number") into[key] = (((into[key] as number | undefined) ?? 0) + value) as T[keyof T];
    else if (typeof value === "object" && value !== null && !Array.isArray(value)) add(into[key] as object, value);
  }
  return into;
}
