import type { Cell } from "#document";
import { AppError } from "#errors";
import { dayOf, daysOfMonth, formatDay, formatLocal, type Instant, type Month, parseDate, startOfDay } from "#model";
import {
  type AccessRow,
  type AccessSelection,
  type Chain,
  type Control,
  countAccess,
  type Database,
  deleteOldAccess,
  insertControl,
  sampleAccess,
  selectAccess,
  selectBusyHours,
  selectControls,
  selectOutsideHours,
  selectPeopleById,
  selectReadingUnits,
  selectReadPairs,
  type Vault,
  verifyAccessLog,
} from "#store";
import { type Actor, permit, permitEverywhere } from "./actor.ts";
import { type ExportedFile, handOutList, type ListFormat } from "./hand-out.ts";
import { type People, showPeople } from "./persons.ts";
import { reasonOf } from "./reason.ts";
import { accessNames, roleNames } from "./words.ts";

export type { AccessRow, Chain, Control };

type Needs = { database: Database; vault: Vault; now: () => Instant };

const SAMPLE = 20;
const SHOWN_MAX = 100;
/** More than a handler gets through who reads what they open. */
const BUSY_MIN = 60;

class ControlUnfinished extends AppError {
  readonly code = "log.control";
  readonly kind = "invalid";

  constructor() {
    super("A control needs a month that has begun and a result of 3 to 2000 characters.");
  }
}

/** The rows of a log with the people in them as lists show them. */
export interface ShownAccess {
  rows: AccessRow[];
  people: People;
}

/** Whom a row is about: ids of people, with their kind where the row says it. */
function peopleIn({ subject }: Pick<AccessRow, "subject">): Array<{ kind: "client" | "staff" | null; id: string }> {
  return subject.split(" ").map((token) => {
    const [, kind, id] = /^(client|staff)\/(.*)$/s.exec(token) ?? [];
    return { kind: (kind as "client" | "staff" | undefined) ?? null, id: id ?? token };
  });
}

/** Whom a row is about, people by initials and number; what is no person as it stands. */
export function aboutWhom(row: AccessRow, people: People): string {
  const named = peopleIn(row);
  const texts = named.slice(0, 10).map(({ kind, id }) => {
    const [client, staff] = [people.client.get(id), people.staff.get(id)];
    const person =
      kind === null ? [client, staff].find((one) => one !== undefined && /\d/.test(one.text)) : people[kind].get(id);
    return person?.text ?? id;
  });
  return `${texts.join(", ")}${named.length > 10 ? ` och ${named.length - 10} till` : ""}`;
}

/** Rows with the people in them as lists show them. */
async function shown(needs: Needs, actor: Actor, rows: AccessRow[]): Promise<ShownAccess> {
  const named = rows.flatMap((row) => peopleIn(row).slice(0, 10));
  const of = (wanted: "client" | "staff") =>
    named.flatMap(({ kind, id }) => (kind === null || kind === wanted ? [id] : []));
  return { rows, people: await showPeople(needs, actor, { client: of("client"), staff: of("staff") }) };
}

const during = (month: Month): Pick<Required<AccessSelection>, "from" | "until"> => {
  const { first, last } = daysOfMonth(month);
  return { from: startOfDay(first), until: startOfDay(last + 1) };
};

/** A page of the access log, the latest first. */
export async function listAccess(
  needs: Needs,
  actor: Actor,
  { month, before, ...selection }: Omit<AccessSelection, "from" | "until"> & { month?: Month; before?: number },
): Promise<ShownAccess & { next: number | null }> {
  permit(actor, "log:read");
  const found = await selectAccess(needs.database, actor.tenantId, {
    ...selection,
    ...(month === undefined ? {} : during(month)),
    ...(before === undefined ? {} : { before }),
    limit: SHOWN_MAX + 1,
  });
  const rows = found.slice(0, SHOWN_MAX);
  const next = found.length > SHOWN_MAX ? (rows.at(-1)?.seq ?? null) : null;
  return { ...(await shown(needs, actor, rows)), next };
}

/** The access log as a list, the latest first, for whoever controls it. Reading it is recorded as well, and not in the list. */
export async function exportAccess(
  needs: Needs,
  actor: Actor,
  {
    month,
    format,
    reason: given,
    ...selection
  }: Omit<AccessSelection, "from" | "until"> & { month?: Month; format: ListFormat; reason: string },
): Promise<ExportedFile> {
  permit(actor, "log:read");
  const reason = reasonOf(given);
  const { database } = needs;
  const within = { ...selection, ...(month === undefined ? {} : during(month)) };
  const { rows: count, last } = await countAccess(database, actor.tenantId, within);
  async function* rows(): AsyncGenerator<Cell[]> {
    let before = last + 1;
    for (;;) {
      const found = await selectAccess(database, actor.tenantId, { ...within, before, limit: 500 });
      const { people } = await shown(needs, actor, found);
      for (const row of found) {
        yield [
          row.seq,
          formatLocal(row.at),
          row.name ?? row.actor,
          roleNames[row.role as keyof typeof roleNames] ?? row.role,
          row.unit,
          accessNames[row.operation] ?? row.operation,
          aboutWhom(row, people),
          row.rows < 0 ? null : row.rows,
          row.why,
        ];
        before = row.seq;
      }
      if (found.length < 500) return;
    }
  }
  return handOutList(needs, actor, {
    operation: "export-log",
    subject: month ?? "alla",
    reason,
    count,
    format,
    name: `atkomstlogg-${month ?? formatDay(dayOf(needs.now()))}`,
    title: "Åtkomstlogg",
    head: ["Rad", "När", "Vem", "Roll", "Enhet", "Vad", "Om vem", "Antal", "Varför"],
    rows: rows(),
  });
}

/** What is looked at in a control of a month: a random sample, and what is unusual. */
export interface LogControl {
  month: Month;
  units: Array<string | null>;
  sample: ShownAccess;
  /** Somebody read about a person with their own surname. */
  relatives: ShownAccess;
  outsideHours: ShownAccess;
  busyHours: Awaited<ReturnType<typeof selectBusyHours>>;
  done: Control[];
}

const surnameOf = (name: string): string =>
  (name.includes(",") ? name.split(",")[0]! : (name.trim().split(/\s+/).at(-1) ?? "")).trim().toLocaleLowerCase("sv");

export async function showLogControl(
  needs: Needs,
  actor: Actor,
  { month, unit }: { month: Month; unit?: string | null },
): Promise<LogControl> {
  permit(actor, "log:control");
  const { database } = needs;
  const { tenantId } = actor;
  const selection = { ...during(month), ...(unit === undefined ? {} : { unit }) };
  const [sample, outside, busyHours, units, done, related] = await Promise.all([
    sampleAccess(database, tenantId, { ...selection, seed: `${month} ${unit ?? ""}`, limit: SAMPLE }),
    selectOutsideHours(database, tenantId, { ...selection, limit: SHOWN_MAX }),
    selectBusyHours(database, tenantId, { ...selection, min: BUSY_MIN, limit: SHOWN_MAX }),
    selectReadingUnits(database, tenantId, during(month)),
    selectControls(database, tenantId, SHOWN_MAX),
    relatives(needs, actor, selection),
  ]);
  return {
    month,
    units,
    sample: await shown(needs, actor, sample),
    relatives: await shown(needs, actor, related),
    outsideHours: await shown(needs, actor, outside),
    busyHours,
    done,
  };
}

/** Reading about somebody with the reader's own surname. Whose names are read for it is not shown to anybody. */
async function relatives(
  { database, vault }: Needs,
  { tenantId }: Actor,
  selection: AccessSelection,
): Promise<AccessRow[]> {
  const pairs = (await selectReadPairs(database, tenantId, selection)).map((pair) => ({
    ...pair,
    ...peopleIn(pair)[0]!,
  }));
  const suspect = new Set<number>();
  for (const kind of ["client", "staff"] as const) {
    const asked = pairs.filter((pair) => pair.kind === null || pair.kind === kind);
    const people = await selectPeopleById(database, tenantId, kind, [...new Set(asked.map(({ id }) => id))]);
    const surname = new Map(
      people.flatMap(({ asked: id, name }) =>
        name === null ? [] : [[id, surnameOf(vault.decrypt(name).toString())] as const],
      ),
    );
    for (const { id, name, seq } of asked) if (surname.get(id) === surnameOf(name)) suspect.add(seq);
  }
  if (suspect.size === 0) return [];
  const rows: AccessRow[] = [];
  for (const seq of [...suspect].sort((a, b) => b - a).slice(0, SHOWN_MAX)) {
    rows.push(...(await selectAccess(database, tenantId, { before: seq + 1, limit: 1 })));
  }
  return rows;
}

/** Keeps that a control was done, by whom and with what result. */
export async function recordLogControl(
  { database, now }: Needs,
  actor: Actor,
  { month, unit, result }: { month: Month; unit: string | null; result: string },
): Promise<void> {
  permit(actor, "log:control");
  const text = result.trim();
  const { from, until } = during(month);
  if (text.length < 3 || text.length > 2000 || from > now()) throw new ControlUnfinished();
  const seed = `${month} ${unit ?? ""}`;
  const sample = await sampleAccess(database, actor.tenantId, {
    from,
    until,
    ...(unit === null ? {} : { unit }),
    seed,
    limit: SAMPLE,
  });
  await insertControl(database, actor.tenantId, {
    month,
    unit,
    looked: sample.length,
    result: text,
    at: now(),
    by: actor.id,
  });
}

/**
 * Computes the log's chain anew. `anchor` is a row whose hash somebody has kept elsewhere; `anchored` is null without one,
 * and where that row has gone for its age.
 */
export async function verifyLog(
  { database }: { database: Database },
  actor: Actor,
  anchor?: { seq: number; hash: string },
): Promise<Chain & { anchored: boolean | null }> {
  permit(actor, "log:read");
  const chain = await verifyAccessLog(database, actor.tenantId, anchor?.seq);
  return { ...chain, anchored: anchor === undefined || anchor.seq < chain.gone ? null : chain.anchor === anchor.hash };
}

/** Takes away rows of the access log that are older than the configuration asks for. Gives how many. */
export async function pruneLog(
  { database, now, config }: Pick<Needs, "database" | "now"> & { config: { accessLog: { keepYears: number } } },
  actor: Actor,
): Promise<number> {
  permitEverywhere(actor, "night:run");
  const [year = "", month = "", date = ""] = formatDay(dayOf(now())).split("-");
  const born = `${Number(year) - config.accessLog.keepYears}-${month}-${date}`;
  // On the 29th of February of a year that has none, what is a day younger goes the day after.
  const until = parseDate(born) ?? parseDate(born.replace("-29", "-28"));
  return until === null ? 0 : deleteOldAccess(database, actor.tenantId, startOfDay(until));
}
