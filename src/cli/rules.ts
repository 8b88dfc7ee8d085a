import { entityNames, formatDay, formatInstant, formatLocal, formatOre, parseDate } from "#model";
import {
  addException,
  type Backtest,
  backtestRule,
  type ComparedAmounts,
  type ComparedFinding,
  dispositions,
  endException,
  type ExceptionSubject,
  type ExplainedRule,
  explainRule,
  levels,
  type ListedException,
  type ListedRule,
  listExceptions,
  listRules,
  modes,
  releaseRule,
  ruleOf,
  scopes,
  setRuleParameters,
  severities,
} from "#operations";
import { datePattern, defineCommand, formatOption, type Given, type Values } from "./command.ts";
import { type Column, progressLine, render, say, write } from "./render.ts";
import { UsageError } from "./run.ts";
import { windowText } from "./summary.ts";

const usages = {
  list: "[list]",
  explain: "explain ID",
  set: "set ID k=v … --from D --why TEXT",
  except: "except ID --client|--staff|--unit|--provider|--record … --from D --through D --why TEXT",
  exceptions: "exceptions [ID]",
  "end-exception": "end-exception NO [--through D] --why TEXT",
  backtest: "backtest ID [--set k=v …] --from D --to D",
  release: "release ID --why TEXT",
} as const;
type Action = keyof typeof usages;

const options = {
  from: { type: "string", value: "YYYY-MM-DD", summary: "First day", pattern: datePattern },
  to: { type: "string", value: "YYYY-MM-DD", summary: "Last day of a back-test", pattern: datePattern },
  through: { type: "string", value: "YYYY-MM-DD", summary: "Last day of an exception", pattern: datePattern },
  set: { type: "string", value: "NAME=VALUE", summary: "Parameter to try; may be repeated", multiple: true },
  client: { type: "string", value: "ID", summary: "Client, as findings show it" },
  staff: { type: "string", value: "ID", summary: "Staff member, as findings show it" },
  unit: { type: "string", value: "ID", summary: "Unit" },
  provider: { type: "string", value: "ID", summary: "Provider" },
  record: { type: "string", value: "visits/SOURCE/ID", summary: "One record, with its kind and source" },
  why: { type: "string", value: "TEXT", summary: "Why; kept with who and when" },
  format: formatOption,
} as const;

interface Asked {
  given: Given<"system">;
  values: Values<typeof options>;
  action: Action;
  /** What stands after the action. */
  words: readonly string[];
}

/** A word or an option that the action cannot do without. */
function needed<Value>(value: Value | null | undefined, action: Action): Value {
  if (value === undefined || value === null) throw new UsageError(`Usage: klarsyn rules ${usages[action]}`);
  return value;
}

const dayOf = (text: string | undefined): number | null => (text === undefined ? null : parseDate(text));
const number = (value: number): string => value.toLocaleString("sv-SE");
const percent = (share: number): string => `${Math.round(share * 100)} %`;

function assigned(assignments: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    assignments.map((assignment): [string, string] => {
      const equals = assignment.indexOf("=");
      if (equals < 1) throw new UsageError(`${assignment}: expected name=value.`);
      return [assignment.slice(0, equals), assignment.slice(equals + 1)];
    }),
  );
}

const perTenThousand = (rate: { findings: number; clientDays: number }): number | null =>
  rate.clientDays === 0 ? null : Math.round((rate.findings / rate.clientDays) * 1e6) / 100;

function precisionText({ judged, share }: ListedRule["precision"]): string | null {
  if (judged === 0) return null;
  if (share === null) return `för få bedömda (${judged})`;
  return `${percent(share.value)} (${percent(share.low)}–${percent(share.high)}, ${number(judged)} bedömda)`;
}

function scopesOf({ scope, otherScopes }: ListedRule["rule"]): string {
  return [scope, ...otherScopes.map((other) => other.scope)].map((one) => scopes[one]).join("; ");
}

async function list({ given: { system }, values }: Asked): Promise<void> {
  await render(await listRules(system, system.operator), values.format, {
    columns: [
      { title: "Id", of: ({ rule }) => rule.id },
      { title: "Version", of: ({ rule }) => rule.version, align: "right" },
      { title: "Läge", of: ({ mode }) => modes[mode] },
      { title: "Hålls inne", of: ({ held }) => held, align: "right" },
      { title: "Ändrade parametrar", of: ({ changed }) => (changed.length === 0 ? null : changed.join(", ")) },
      { title: "Per 10 000 brukardagar", of: ({ rate }) => rate && perTenThousand(rate), align: "right" },
      { title: "Bekräftade", of: ({ precision }) => precisionText(precision) },
      { title: "Nivå", of: ({ rule }) => levels[rule.level] },
      { title: "Åtgärd", of: ({ rule }) => severities[rule.severity] },
      { title: "Ser på", of: ({ rule }) => scopesOf(rule) },
      { title: "Vad", of: ({ rule }) => rule.title.sv },
    ],
    json: ({ rule, mode, held, values: parameters, changed, rate, precision }) => ({
      id: rule.id,
      version: rule.version,
      level: rule.level,
      severity: rule.severity,
      scope: rule.scope,
      title: rule.title,
      why: rule.why,
      remedy: rule.remedy,
      innocent: rule.innocent,
      mode,
      held,
      parameters,
      changed,
      rate: rate && {
        findings: rate.findings,
        clientDays: rate.clientDays,
        from: formatDay(rate.fromDay),
        to: formatDay(rate.throughDay),
        measuredIn: rate.measuredIn,
        measuredAt: formatInstant(rate.measuredAt),
      },
      precision,
    }),
    empty: "",
  });
}

const measuredIn: Readonly<Record<ExplainedRule["rates"][number]["measuredIn"], string>> = {
  backtest: "prövning",
  night: "senaste natten",
  release: "släppt",
};

async function explain({ given: { system }, words: [id], action }: Asked): Promise<void> {
  const rule = ruleOf(system.rules, needed(id, action));
  const known = await explainRule(system, system.operator, rule);
  const exceptions = await listExceptions(system, system.operator, rule.id);
  const standard = rule.parameters.parse({});
  const parameters = Object.entries(rule.parameters.shape).map(([name, field]) => {
    const { description } = field as { description?: string };
    const own = known.changed.includes(name) ? ` (förval ${JSON.stringify(standard[name])})` : "";
    return `  ${name} = ${JSON.stringify(known.values[name])}${own}  ${description ?? ""}`;
  });
  const set = known.history.map(
    (one) =>
      `  från ${formatDay(one.fromDay)}: ${one.name} = ${JSON.stringify(one.value)} (${one.setBy}, ${formatInstant(one.setAt)}: ${one.why})`,
  );
  const rates = known.rates.map(
    (rate) =>
      `  ${perTenThousand(rate)?.toLocaleString("sv-SE") ?? "–"}: ${number(rate.findings)} fynd på ${number(rate.clientDays)} brukardagar ` +
      `${windowText({ from: rate.fromDay, through: rate.throughDay })}, version ${rate.ruleVersion}, ${rate.parameters} ` +
      `(${measuredIn[rate.measuredIn]}, ${rate.measuredBy}, ${formatLocal(rate.measuredAt)})`,
  );
  const holds = known.holds.map(
    (hold) =>
      `  ${formatLocal(hold.heldAt)}: ${number(hold.findings)} nya fynd där ${number(Math.round(hold.expected))} var att vänta, version ${hold.ruleVersion}, ${hold.parameters}` +
      (hold.releasedAt === null
        ? ""
        : `; släppt av ${hold.releasedBy}, ${formatLocal(hold.releasedAt)}: ${hold.releasedWhy}`),
  );
  const precisions = known.precisions.map(
    ({ version, precision, unclear }) =>
      `  version ${version}: ${precisionText(precision) ?? "inga bedömda"}; ${dispositions.confirmed.toLowerCase()} ${precision.confirmed}, ` +
      `${dispositions.explained.toLowerCase()} ${precision.judged - precision.confirmed}, ${dispositions.unclear.toLowerCase()} ${unclear}`,
  );
  const innocent = Object.entries(rule.innocent).map(([name, text]) => `  ${name}: ${text}`);
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? "" : `\n${title}\n${lines.join("\n")}\n`;
  const total = precisionText(known.precision);
  await write(
    `${rule.title.sv} (${rule.id}, version ${rule.version})\n${levels[rule.level]}. ${severities[rule.severity]}. Ser på ${scopesOf(known.rule)}.\n` +
      `Läge: ${modes[known.mode]}${known.held === 0 ? "" : `, ${number(known.held)} fynd`}.\n\n` +
      `Varför: ${rule.why}\nVad man gör: ${rule.remedy}\n` +
      part("Oskyldiga orsaker som inte rapporteras", innocent) +
      part("Parametrar i dag", parameters) +
      part("Ändringar", set) +
      part("Undantag", exceptions.map(exceptionText)) +
      part("Fynd per 10 000 brukardagar", rates) +
      part("Har hållits inne", holds) +
      part(`Bekräftade av dem som bedömts${total === null ? "" : `: ${total}`}`, precisions),
  );
}

async function set({ given: { system }, values, words: [id, ...assignments], action }: Asked): Promise<void> {
  const ruleId = needed(id, action);
  const fromDay = needed(dayOf(values.from), action);
  const why = needed(values.why, action);
  if (assignments.length === 0) throw new UsageError(`Usage: klarsyn rules ${usages.set}`);
  const changes = { ruleId, values: assigned(assignments), fromDay, why };
  for (const { name, value } of await setRuleParameters(system, system.operator, changes))
    say(`${ruleId}: ${name} = ${JSON.stringify(value)} från ${formatDay(fromDay)}.`);
  say(reach);
}

const reach = "Nästa natt räknar om den öppna perioden. Äldre månader räknas om med klarsyn reconcile --from D --to D.";

const subjectWords: Readonly<Record<keyof ExceptionSubject, string>> = {
  client: "brukare",
  staff: "personal",
  unit: "enhet",
  provider: "utförare",
  record: "post",
};

function subjectText(subject: ExceptionSubject): string {
  return Object.entries(subject)
    .map(([kind, value]) => {
      const id = typeof value === "string" ? value : `${value.entity}/${value.source}/${value.id}`;
      return `${subjectWords[kind as keyof ExceptionSubject]} ${id}`;
    })
    .join(", ");
}

function exceptionText({ no, exception, setBy, setAt, ended, throughDay }: ListedException): string {
  const early =
    ended === null
      ? ""
      : `; skulle ha gällt till ${formatDay(throughDay)}, avslutat av ${ended.by}, ${formatLocal(ended.at)}: ${ended.why}`;
  return `  ${no}. ${subjectText(exception.subject)}, ${windowText(exception)} (${setBy}, ${formatLocal(setAt)}: ${exception.reason}${early})`;
}

function recordOf(text: string): NonNullable<ExceptionSubject["record"]> {
  const [, entity = "", source = "", id = ""] = /^([^/]+)\/([^/]+)\/(.+)$/s.exec(text) ?? [];
  if (!(entityNames as readonly string[]).includes(entity)) {
    throw new UsageError(`--record ${text}: expected KIND/SOURCE/ID, where KIND is one of ${entityNames.join(", ")}.`);
  }
  return { entity, source, id };
}

async function except({ given: { system }, values, words: [id], action }: Asked): Promise<void> {
  const { client, staff, unit, provider, record } = values;
  const subject: ExceptionSubject = {
    ...(client === undefined ? {} : { client }),
    ...(staff === undefined ? {} : { staff }),
    ...(unit === undefined ? {} : { unit }),
    ...(provider === undefined ? {} : { provider }),
    ...(record === undefined ? {} : { record: recordOf(record) }),
  };
  const { no, findings } = await addException(system, system.operator, {
    ruleId: needed(id, action),
    subject,
    fromDay: needed(dayOf(values.from), action),
    throughDay: needed(dayOf(values.through), action),
    why: needed(values.why, action),
  });
  say(`Undantag ${no} är infört. Det omfattar ${number(findings)} av de fynd som står nu.`);
  say(reach);
}

async function exceptions({ given: { system }, values, words: [id] }: Asked): Promise<void> {
  if (id !== undefined) ruleOf(system.rules, id);
  await render(await listExceptions(system, system.operator, id), values.format, {
    columns: [
      { title: "Nr", of: ({ no }) => no, align: "right" },
      { title: "Regel", of: ({ exception }) => exception.rule },
      { title: "Gäller", of: ({ exception }) => subjectText(exception.subject) },
      { title: "Från", of: ({ exception }) => formatDay(exception.from) },
      { title: "Till", of: ({ exception }) => formatDay(exception.through) },
      { title: "Skäl", of: ({ exception }) => exception.reason },
      { title: "Infört av", of: ({ setBy, setAt }) => `${setBy}, ${formatLocal(setAt)}` },
      { title: "Avslutat", of: ({ ended }) => ended && `${ended.by}, ${formatLocal(ended.at)}: ${ended.why}` },
    ],
    json: ({ no, exception, setBy, setAt, throughDay, ended }) => ({
      no,
      rule: exception.rule,
      subject: exception.subject,
      from: formatDay(exception.from),
      through: formatDay(exception.through),
      why: exception.reason,
      by: setBy,
      at: formatInstant(setAt),
      ended: ended && {
        insteadOf: formatDay(throughDay),
        by: ended.by,
        at: formatInstant(ended.at),
        why: ended.why,
      },
    }),
    empty: "Inga undantag.",
  });
}

async function end({ given: { system }, values, words: [text], action }: Asked): Promise<void> {
  const no = Number(needed(text, action));
  if (!Number.isInteger(no)) throw new UsageError(`${text}: expected the number of an exception.`);
  const through = dayOf(values.through);
  const { throughDay } = await endException(system, system.operator, {
    no,
    why: needed(values.why, action),
    ...(through === null ? {} : { throughDay: through }),
  });
  say(`Undantag ${no} gäller till och med ${formatDay(throughDay)}.`);
  say(reach);
}

type BacktestRow =
  | ({ kind: "total" | "provider"; name: string; provider: string | null } & ComparedAmounts)
  | FindingRow;
type FindingRow = { kind: "appears" | "vanishes"; name: string; finding: ComparedFinding };

/** The sum, each provider, and each finding of only one of the two: a row each, in every format. */
function* backtestRows({ total, providers, appearing, vanishing }: Backtest): Generator<BacktestRow> {
  yield { kind: "total", name: "Summa", provider: null, ...total };
  for (const provider of providers) yield { kind: "provider", ...provider };
  for (const finding of appearing) yield { kind: "appears", name: "Tillkommer", finding };
  for (const finding of vanishing) yield { kind: "vanishes", name: "Försvinner", finding };
}

const sums = (row: BacktestRow): ComparedAmounts | null => ("before" in row ? row : null);
const found = (row: BacktestRow): ComparedFinding | null => ("finding" in row ? row.finding : null);

function amountColumn(title: string, of: (row: BacktestRow) => number | null): Column<BacktestRow> {
  return {
    title,
    of: (row) => {
      const ore = of(row);
      return ore === null ? null : formatOre(ore);
    },
    plain: (row) => {
      const ore = of(row);
      return ore === null ? null : ore / 100;
    },
    align: "right",
  };
}

const sumColumns: ReadonlyArray<Column<BacktestRow>> = [
  { title: "Rad", of: ({ name }) => name },
  { title: "Fynd före", of: (row) => sums(row)?.before.findings ?? null, align: "right" },
  { title: "Fynd efter", of: (row) => sums(row)?.after.findings ?? null, align: "right" },
  { title: "Tillkommer", of: (row) => sums(row)?.appearing ?? null, align: "right" },
  { title: "Försvinner", of: (row) => sums(row)?.vanishing ?? null, align: "right" },
  { title: "Minuter före", of: (row) => sums(row)?.before.minutes ?? null, align: "right" },
  { title: "Minuter efter", of: (row) => sums(row)?.after.minutes ?? null, align: "right" },
  amountColumn("Belopp före", (row) => sums(row)?.before.amountOre ?? null),
  amountColumn("Belopp efter", (row) => sums(row)?.after.amountOre ?? null),
];
const findingColumns: ReadonlyArray<Column<BacktestRow>> = [
  { title: "Från", of: (row) => found(row)?.period.from ?? null },
  { title: "Till", of: (row) => found(row)?.period.to ?? null },
  { title: "Utförare", of: (row) => found(row)?.provider ?? null },
  { title: "Brukare", of: (row) => found(row)?.client ?? null },
  { title: "Personal", of: (row) => found(row)?.staff ?? null },
  { title: "Minuter", of: (row) => found(row)?.minutes ?? null, align: "right" },
  amountColumn("Belopp", (row) => found(row)?.amountOre ?? null),
  { title: "Vad", of: (row) => found(row)?.reason ?? null },
];

async function backtest({ given: { system, signal }, values, words: [id], action }: Asked): Promise<void> {
  const line = progressLine();
  const result = await backtestRule(system, system.operator, {
    ruleId: needed(id, action),
    values: assigned(values.set),
    from: needed(dayOf(values.from), action),
    through: needed(dayOf(values.to), action),
    signal,
    progress: (window, done, windows) => line.show(`${windowText(window)}: del ${done + 1} av ${windows}`),
  }).finally(line.end);
  const rows = [...backtestRows(result)];
  const rate = perTenThousand({ findings: result.total.after.findings, clientDays: result.clientDays });
  say(
    `${result.rule.title.sv}, ${windowText(result)}, med ${JSON.stringify(result.values)}: ` +
      `${rate === null ? "inga brukardagar" : `${rate.toLocaleString("sv-SE")} fynd per 10 000 brukardagar`}. Ingenting är ändrat.`,
  );
  if (values.format !== "table") {
    await render(rows, values.format, {
      columns: [...sumColumns, ...findingColumns],
      json: (row) => ("finding" in row ? { kind: row.kind, ...row.finding } : row),
      empty: "",
    });
    return;
  }
  const shown = { json: () => null, empty: "" };
  await render(
    rows.filter((row) => "before" in row),
    "table",
    { columns: sumColumns, ...shown },
  );
  const changes = rows.filter((row) => "finding" in row);
  if (changes.length === 0) return;
  await write("\n");
  await render(changes, "table", { columns: [sumColumns[0]!, ...findingColumns], ...shown });
}

async function release({ given: { system }, values, words: [id], action }: Asked): Promise<void> {
  const why = needed(values.why, action);
  const count = await releaseRule(system, system.operator, { ruleId: needed(id, action), why });
  say(`${number(count)} fynd är framsläppta.`);
}

const actions: Readonly<Record<Action, (asked: Asked) => Promise<void>>> = {
  list,
  explain,
  set,
  except,
  exceptions,
  "end-exception": end,
  backtest,
  release,
};

const isAction = (text: string): text is Action => text in actions;

export default defineCommand({
  name: "rules",
  summary: "All rules; what one looks for; parameters, exceptions, back-tests and hold-backs.",
  usage: `${usages.list}${Object.values(usages)
    .slice(1)
    .map((usage) => `\n              ${usage}`)
    .join("")}`,
  needs: "system",
  positionals: { min: 0, max: 20 },
  options,
  async run(values, given) {
    const [action = "list", ...words] = given.positionals;
    if (!isAction(action)) {
      throw new UsageError(`rules ${action}: expected ${Object.keys(actions).join(", ")}.`);
    }
    await actions[action]({ given, values, action, words });
    return "done";
  },
});
