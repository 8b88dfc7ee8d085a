import { hash } from "node:crypto";
import { z } from "zod";
import { defineAdapter, type HttpClient, type Page, type PullContext, type Source, UnauthorizedError } from "#adapter";
import * as records from "./records.ts";

const settings = z.object({
  baseUrl: z.url().describe("Adressen till och med /WE.EC.Integration.Host."),
  domain: z.string().min(1).meta({ secret: true }),
  key: z.string().min(1).meta({ secret: true }),
  ca: z.string().optional().describe("Certifikatutfärdare (PEM), om servern har en egen."),
  pageSize: z.int().min(2).max(5000).default(1000),
  ratePerSecond: z.number().positive().max(1000).default(20),
  historyDays: z.int().min(1).max(3650).default(400).describe("Så långt tillbaka läses besök och pass första gången."),
});
type Settings = z.infer<typeof settings>;
type Context = PullContext<Settings>;
type Item = Record<string, unknown>;
type Order = z.infer<typeof orderKeys>;

// What one record is joined to another by; read from records as they come, with all that is dropped later.
const withId = z.object({ Id: z.string().nullish() }).nullish();
const executionKeys = z.object({
  Id: z.int(),
  OrganizationUnit: withId,
  ProviderUnit: z.object({ Id: z.int().nullish() }).nullish(),
});
const orderKeys = z.object({
  Id: z.string(),
  ExecutionId: z.int().nullish(),
  Provider: z.object({ OrganizationUnit: withId }).nullish(),
});
const serviceKeys = z.object({
  OrderId: z.string(),
  DecisionId: z.int().nullish(),
  ServiceType: z.object({ Code: z.int().nullish() }).nullish(),
});

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const overlapMs = 10 * MINUTE;
/** The first import reads modified time in pieces, so that what must be remembered of one piece stays small. */
const pieceMs = 14 * DAY;
const passesMax = 5;
const compareEveryDays = 7;

// Only checked, not copied: lists are long.
const isItem = (value: unknown): value is Item => typeof value === "object" && value !== null && !Array.isArray(value);
const list = z.array(z.custom<Item>(isItem)).nullable();
const apiPath = (resource: string) => `/api/v1/${resource}`;

/** 204 and 404 mean that there are none. */
async function getList(http: HttpClient, resource: string, query: Record<string, string>): Promise<Item[]> {
  return (await http.getJson(apiPath(resource), list, { query, accept: [204, 404] })) ?? [];
}

/** Enough of a hash to tell the rows of one piece apart. */
const fingerprint = (item: Item) => hash("sha256", JSON.stringify(item), "base64url").slice(0, 16);

/**
 * Reads a list by offset. The API gives no total and no snapshot: rows with equal modified time may change places at a
 * page border, and a row that is modified moves to the end and draws those behind it one step forward, past the reader.
 * So a list of more than one page is read again until a whole pass shows nothing new; each row is handed out once.
 * Returns whether it got that far.
 */
async function* readList(
  { http, settings: { pageSize } }: Context,
  resource: string,
  query: Record<string, string>,
): AsyncGenerator<Item[], boolean, undefined> {
  const seen = new Set<string>();
  for (let pass = 1; pass <= passesMax; pass++) {
    let isNew = false;
    let offset = 0;
    let pages = 0;
    for (;;) {
      const items = await getList(http, resource, { ...query, limit: String(pageSize), offset: String(offset) });
      // The server may allow fewer rows a page than we ask for: only an empty page is the end.
      if (items.length === 0) break;
      pages++;
      offset += items.length;
      const fresh = items.filter((item) => {
        const mark = fingerprint(item);
        return !seen.has(mark) && seen.add(mark);
      });
      if (fresh.length === 0) continue;
      isNew = true;
      yield fresh;
    }
    if (!isNew || (pages <= 1 && offset < pageSize)) return true;
  }
  return false;
}

/** The whole list at once, for what other records are joined with. */
async function readAll(context: Context, resource: string): Promise<Item[]> {
  const all: Item[] = [];
  for await (const items of readList(context, resource, {})) all.push(...items);
  return all;
}

const iso = (at: number) => new Date(at).toISOString();
const localDay = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Stockholm", dateStyle: "short" });
const dayAfter = (day: string, days = 1) => iso(Date.parse(day) + days * DAY).slice(0, 10);

const unsettled = (context: Context, resource: string) =>
  context.notice(
    "unsettled",
    `${resource} ändrades hela tiden medan listan lästes (${passesMax} varv). Den läses om nästa gång.`,
  );

/** Whether the key opens anything at all; asked once for each connection. */
const keyWorks = new WeakMap<HttpClient, Promise<boolean>>();
async function opensAnything(context: Context): Promise<boolean> {
  for (const resource of Object.keys(sources)) {
    const query = resource === "planned_workshifts" ? { maxCount: "1" } : { limit: "1" };
    try {
      await getList(context.http, resource, query);
      return true;
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
    }
  }
  return false;
}

/**
 * The API is licensed by module and answers 401 where the key does not reach. That is said of the run, and the others
 * go on; where nothing opens, the key is wrong and the source is down.
 */
async function* unlessUnlicensed(context: Context, resource: string, pages: AsyncIterable<Page>): AsyncIterable<Page> {
  try {
    yield* pages;
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    let works = keyWorks.get(context.http);
    if (works === undefined) {
      works = opensAnything(context);
      keyWorks.set(context.http, works);
      // Where that could not be found out, the next one asks again.
      works.catch(() => keyWorks.delete(context.http));
    }
    if (!(await works)) throw error;
    context.notice("unlicensed", `${resource}: nyckeln omfattar inte resursen (401). Övriga resurser läses.`);
  }
}

/** As it is where the resource is licensed, else null with a notice. */
async function optional<Result>(context: Context, resource: string, read: () => Promise<Result>) {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    context.notice(
      "unlicensed",
      `${resource}: nyckeln omfattar inte resursen (401). Det som den skulle fogat till andra uppgifter saknas.`,
    );
    return null;
  }
}

/**
 * By modified time, with ten minutes' overlap for rows that were written late. `gt` without `lt` for the last piece: a
 * row that is modified while we read stays in view. The cursor is our clock at the start of the reading.
 */
function byDelta(resource: string, record: z.ZodType, first: "all" | "history"): Source<Settings> {
  async function* pull(context: Context): AsyncGenerator<Page> {
    const started = context.now();
    const place = apiPath(resource);
    let from =
      context.cursor === null
        ? first === "history"
          ? started - context.settings.historyDays * DAY
          : null
        : Date.parse(context.cursor);
    for (;;) {
      const until = from !== null && started - from > pieceMs ? from + pieceMs : started;
      const query: Record<string, string> = {};
      if (from !== null) query["gt"] = iso(from - overlapMs);
      if (until < started) query["lt"] = iso(until);
      const reading = readList(context, resource, query);
      let step = await reading.next();
      for (; !step.done; step = await reading.next()) yield { records: step.value, cursor: null, place };
      if (!step.value) {
        unsettled(context, resource);
        return;
      }
      yield { records: [], cursor: iso(until), place };
      if (until === started) return;
      from = until;
    }
  }
  return { record, everyHours: null, pull: (context) => unlessUnlicensed(context, resource, pull(context)) };
}

/** How far a list without delta has been read, and when its ids were last compared. Swedish calendar days. */
const pollCursor = z.object({ polled: z.iso.date(), compared: z.iso.date() });

interface Polled {
  record: z.ZodType;
  /** The rows that a day's changes touched. */
  changed: (context: Context, day: string) => Promise<Item[]>;
  /** The canonical ids that a row stands for, or those of their parent. */
  ids: (item: Item) => string[];
  /** Adds what other resources know; made once for each pull, when there is something to add to. `whole`: to all rows. */
  join?: (context: Context, whole: boolean) => Promise<(item: Item) => Promise<Item>>;
}

/**
 * No delta and no `Deleted`: rows of yesterday and today are asked for by day, and every week the whole list is read
 * and its ids compared, which finds what has vanished and whatever the days missed.
 */
function byPolling(resource: string, { record, changed, ids, join }: Polled): Source<Settings> {
  async function* pull(context: Context): AsyncGenerator<Page> {
    const place = apiPath(resource);
    const today = localDay.format(context.now());
    const cursor = context.cursor === null ? null : pollCursor.parse(JSON.parse(context.cursor));
    const whole = cursor === null || dayAfter(cursor.compared, compareEveryDays) <= today;
    let joining: Promise<(item: Item) => Promise<Item>> | undefined;
    const joined = async (items: Item[]) => {
      if (join === undefined) return items;
      const add = await (joining ??= join(context, whole));
      const all: Item[] = [];
      for (const item of items) all.push(await add(item));
      return all;
    };
    if (whole) {
      const completeIds = new Set<string>();
      const reading = readList(context, resource, {});
      let step = await reading.next();
      for (; !step.done; step = await reading.next()) {
        for (const item of step.value) for (const id of ids(item)) completeIds.add(id);
        yield { records: await joined(step.value), cursor: null, place };
      }
      if (step.value) {
        const next = JSON.stringify({ polled: today, compared: today });
        yield { records: [], cursor: next, place, completeIds: [...completeIds] };
      } else unsettled(context, resource);
      return;
    }
    const seen = new Set<string>();
    for (let day = dayAfter(cursor.polled, -1); day <= today; day = dayAfter(day)) {
      const items = (await changed(context, day)).filter((item) => {
        const mark = fingerprint(item);
        return !seen.has(mark) && seen.add(mark);
      });
      if (items.length > 0) yield { records: await joined(items), cursor: null, place };
    }
    yield { records: [], cursor: JSON.stringify({ polled: today, compared: cursor.compared }), place };
  }
  return { record, everyHours: null, pull: (context) => unlessUnlicensed(context, resource, pull(context)) };
}

async function search(context: Context, resource: string, field: string, value: string): Promise<Item[]> {
  const found: Item[] = [];
  for await (const items of readList(context, resource, { q: `${field}='${value}'` })) found.push(...items);
  return found;
}

/**
 * An order names the organisation unit of its case worker at the provider; which provider unit performs it stands in
 * the execution. Before there is one, the unit that all other executions of that organisation unit name.
 */
async function unitOfOrder(context: Context): Promise<(order: Order) => number | null | undefined> {
  const executions = await optional(context, "executions", async () => readAll(context, "executions"));
  const byExecution = new Map<number, number>();
  const byOrganisation = new Map<string, number | null>();
  for (const item of executions ?? []) {
    const read = executionKeys.safeParse(item);
    const unit = read.data?.ProviderUnit?.Id;
    if (!read.success || unit === null || unit === undefined) continue;
    byExecution.set(read.data.Id, unit);
    const organisation = read.data.OrganizationUnit?.Id;
    if (organisation === null || organisation === undefined) continue;
    const known = byOrganisation.get(organisation);
    byOrganisation.set(organisation, known === undefined || known === unit ? unit : null);
  }
  return ({ ExecutionId, Provider }) =>
    byExecution.get(ExecutionId ?? 0) ?? byOrganisation.get(Provider?.OrganizationUnit?.Id ?? "");
}

/** Only the ordered services name a decision. An order whose services name several has none that caps it alone. */
async function decisionOfOrder(context: Context, whole: boolean): Promise<(id: string) => Promise<number | undefined>> {
  const decisions = new Map<string, Set<number>>();
  const note = (items: readonly Item[]) => {
    for (const item of items) {
      const { data } = serviceKeys.safeParse(item);
      if (typeof data?.DecisionId !== "number") continue;
      decisions.set(data.OrderId, (decisions.get(data.OrderId) ?? new Set()).add(data.DecisionId));
    }
  };
  let licensed = true;
  const read = async (items: () => Promise<Item[]>) => {
    const found = licensed ? await optional(context, "ordered_services", items) : null;
    licensed = found !== null;
    note(found ?? []);
  };
  if (whole) await read(async () => readAll(context, "ordered_services"));
  return async (id) => {
    if (!whole) await read(async () => search(context, "ordered_services", "OrderId", id));
    const [only, ...more] = decisions.get(id) ?? [];
    return more.length === 0 ? only : undefined;
  };
}

/** Adds to an order what only other resources say of it. */
async function joinOrder(context: Context, whole: boolean): Promise<(item: Item) => Promise<Item>> {
  const unitOf = await unitOfOrder(context);
  const decisionOf = await decisionOfOrder(context, whole);
  return async (item) => {
    const { data } = orderKeys.safeParse(item);
    if (data === undefined) return item;
    const unit = unitOf(data);
    const decision = await decisionOf(data.Id);
    return {
      ...item,
      ...(unit === undefined || unit === null ? {} : { ProviderUnitId: unit }),
      ...(decision === undefined ? {} : { DecisionId: decision }),
    };
  };
}

/** Provider unit by planning unit, from the tree of planning units; a unit below a connected one belongs to it. */
async function planningUnits(context: Context): Promise<Map<string, number>> {
  const joined = new Map<string, number>();
  const walk = (units: readonly records.PlanningUnit[], above: number | undefined): void => {
    for (const { Id, ConnectedToProviderUnitId, Children } of units) {
      const own = ConnectedToProviderUnitId ? Number(ConnectedToProviderUnitId) : above;
      if (own !== undefined && Number.isSafeInteger(own)) joined.set(Id, own);
      walk(Children ?? [], own);
    }
  };
  const tree = await optional(context, "planning_units", async () =>
    context.http.getJson(apiPath("planning_units"), z.array(records.planningUnit).nullable(), { accept: [204, 404] }),
  );
  walk(tree ?? [], undefined);
  return joined;
}

const shiftCursor = z.object({ modifiedTime: z.string(), lastSeenWorkshiftId: z.string() });

/** A time in UTC that may be written without zone. */
const utc = (text: string) => Date.parse(/(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}Z`);

/** Work shifts come in order of modification after the last one seen; each page says where the next begins. */
async function* pullWorkshifts(context: Context): AsyncGenerator<Page> {
  const { http } = context;
  const { pageSize, historyDays } = context.settings;
  const units = await planningUnits(context);
  const last = context.cursor === null ? null : shiftCursor.parse(JSON.parse(context.cursor));
  const from = last === null ? context.now() - historyDays * DAY : utc(last.modifiedTime) - overlapMs;
  let after: Record<string, string> = { modifiedTime: iso(from) };
  // A shift holds ten visits or more, each with all that is known of its client.
  const maxCount = String(Math.ceil(pageSize / 10));
  for (let before = ""; before !== JSON.stringify(after);) {
    before = JSON.stringify(after);
    const items = await getList(http, "planned_workshifts", { ...after, maxCount });
    const end = shiftCursor.safeParse({
      modifiedTime: items.at(-1)?.["ModificationTime"],
      lastSeenWorkshiftId: items.at(-1)?.["Id"],
    });
    if (items.length === 0) return;
    if (end.success) after = end.data;
    // Inside the overlap the stored cursor is ahead of what is read again.
    const isAhead = end.success && (last === null || utc(end.data.modifiedTime) >= utc(last.modifiedTime));
    yield {
      records: items.map((item) => withProviderUnits(item, units)),
      cursor: isAhead ? JSON.stringify(end.data) : null,
      place: apiPath("planned_workshifts"),
    };
  }
}

function withProviderUnits(item: Item, units: ReadonlyMap<string, number>): Item {
  const activities = item["PlannedActivities"];
  if (!Array.isArray(activities)) return item;
  const joined = activities.map((activity: unknown) => {
    const own = activity as Item | null;
    const unit = units.get(String(own?.["PlanningUnitId"] ?? item["PlanningUnitId"]));
    return own === null || unit === undefined ? activity : { ...own, ProviderUnitId: unit };
  });
  return { ...item, PlannedActivities: joined };
}

const ownId = (item: Item) => [String(item["Id"])];

const changedOrders = async (context: Context, day: string) => search(context, "orders", "UpdateTime", day);

/** Services name their order but no time of change: those of the orders that changed. */
async function servicesOfChangedOrders(context: Context, day: string): Promise<Item[]> {
  const found: Item[] = [];
  for (const order of await changedOrders(context, day)) {
    found.push(...(await search(context, "ordered_services", "OrderId", String(order["Id"]))));
  }
  return found;
}

/** What the mapping makes the parent of a service's order lines; they are compared by it. */
function serviceId(item: Item): string[] {
  const read = serviceKeys.safeParse(item);
  if (!read.success) return [];
  const { OrderId, DecisionId, ServiceType } = read.data;
  return [[OrderId, DecisionId, ServiceType?.Code].join(":")];
}

const sources: Readonly<Record<string, Source<Settings>>> = {
  provider_units: byDelta("provider_units", records.providerUnit, "all"),
  provider_personnels: byDelta("provider_personnels", records.providerPersonnel, "all"),
  clients: byDelta("clients", records.client, "all"),
  sol_decisions: byDelta("sol_decisions", records.decision, "all"),
  executions: byDelta("executions", records.execution, "all"),
  orders: byPolling("orders", {
    record: records.order,
    changed: changedOrders,
    ids: ownId,
    join: joinOrder,
  }),
  ordered_services: byPolling("ordered_services", {
    record: records.orderedService,
    changed: servicesOfChangedOrders,
    ids: serviceId,
  }),
  service_periods: byDelta("service_periods", records.servicePeriod, "all"),
  service_plans: byPolling("service_plans", {
    record: records.servicePlan,
    changed: async (context, day) => search(context, "service_plans", "EstablishedDate", day),
    ids: ownId,
  }),
  client_absences: byDelta("client_absences", records.clientAbsence, "all"),
  planned_workshifts: {
    record: records.plannedWorkshift,
    everyHours: null,
    pull: (context) => unlessUnlicensed(context, "planned_workshifts", pullWorkshifts(context)),
  },
  reported_visits: byDelta("reported_visits", records.reportedVisit, "history"),
  reported_workshifts: byDelta("reported_workshifts", records.reportedWorkshift, "history"),
};

export default defineAdapter({
  id: "lifecare",
  title: "Lifecare (EC API)",
  reference: "Tietoevry Lifecare, Welfare API Services / Elderly care, V1, 8.4.14",
  settings,
  connection: ({ domain, key, ca, ratePerSecond }) => ({
    secretQuery: { domain, key },
    ratePerSecond,
    ...(ca === undefined ? {} : { ca }),
  }),
  known: [
    "Resources, fields, paging, delta queries and the cursor of planned work shifts are read in the published interface description (V1, 8.4.14).",
    "domain and key stand in the query, and personal identity numbers in the search, so no address is ever shown.",
    "Delta queries go by modified time in UTC and mark deleted rows; orders, ordered services and service plans have neither.",
    "Planning units and executions say which provider unit a planning unit and an organisation unit stand for.",
  ],
  assumed: [
    "Lists are ordered by modified time or id, without a promise of a snapshot; a server may cap the page size.",
    "A deleted row still names its id and, for clients and staff, the person.",
    "Quittance type None means that the time was typed in by hand.",
    "Texts of codes (time units, reasons, services) are the municipality's own and stand in mappings/codes.",
  ],
  sources,
});
