import { dayOf, entities, type Instant } from "#model";
import {
  type Database,
  endFirstPulls,
  insertEvents,
  type NewEvent,
  selectAbsenceChanges,
  selectAnnouncedSources,
  selectServing,
  selectStandingOrders,
  selectToldOrders,
  type StandingOrder,
  takeTouched,
  type ToldOrder,
  type TouchedRecord,
  type Transaction,
  writeToldAbsences,
  writeToldOrders,
} from "#store";
import type { OrderChange } from "#webhook";
import { newEvent } from "./new-event.ts";

export interface AnnounceNeeds {
  database: Database;
  now: () => Instant;
}

const BATCH = 1000;

/**
 * Compares what was touched with what providers were last told, and writes an event of what is news to one of them, in
 * one transaction with what they now know. A record that came twice, late, or changed and changed back is no news; nor
 * are the first orders of a source. Gives how many events there were.
 */
export async function announceChanges({ database, now }: AnnounceNeeds, tenantId: string): Promise<number> {
  for (let written = 0; ;) {
    const batch = await unlessOvertaken(() =>
      database.transaction(async (tx) => {
        const at = now();
        const touched = await takeTouched(tx, tenantId, BATCH);
        if (touched === null) return null;
        const { orders, absences } = touched;
        const known = await selectAnnouncedSources(tx, tenantId);
        const events = [
          ...(await orderEvents(tx, tenantId, orders, known, at)),
          ...(await absenceEvents(tx, tenantId, absences, known, at)),
        ];
        await insertEvents(tx.client, tenantId, events);
        if (orders.length + absences.length === 0) await endFirstPulls(tx, tenantId, at);
        return { touched: orders.length + absences.length, events: events.length };
      }),
    );
    if (batch === null || batch.touched === 0) return written;
    written += batch.events;
  }
}

/** Null where another process took the same marks at the same time: then it announces them. */
async function unlessOvertaken<Result>(work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if ((error as { code?: string }).code === "40001") return null;
    throw error;
  }
}

const keyOf = ({ sourceNo, id }: TouchedRecord): string => `${sourceNo} ${id}`;
const statuses = entities.orders.fields["status"]?.values ?? [];

/** An order as it would be told now; null where nobody could be told. */
function toTell(order: StandingOrder): Omit<ToldOrder, "no"> | null {
  const { sourceNo, id, deleted, provider, unit, client, clientNo, validFrom, validTo, lines } = order;
  if (provider === null || unit === null || deleted) return null;
  const status = statuses[order.status] ?? "registered";
  const gone = status === "ended" || status === "cancelled" ? status : null;
  const sorted = lines.map((line) => JSON.stringify(line)).sort();
  return {
    sourceNo,
    id,
    provider,
    unit,
    client,
    clientNo,
    status,
    validFrom,
    validTo,
    lines: `[${sorted.join(",")}]`,
    gone,
  };
}

async function orderEvents(
  tx: Transaction,
  tenantId: string,
  touched: readonly TouchedRecord[],
  known: ReadonlySet<number>,
  at: Instant,
): Promise<NewEvent[]> {
  const standing = new Map(
    (await selectStandingOrders(tx, tenantId, touched, dayOf(at))).map((order) => [keyOf(order), order]),
  );
  const told = Map.groupBy(await selectToldOrders(tx, tenantId, touched), keyOf);
  const news: Array<{ order: Omit<ToldOrder, "no">; type: string | null; changes: OrderChange[]; units: string[] }> =
    [];
  for (const key of touched) {
    const now = standing.get(keyOf(key));
    // Lines may come before their order.
    if (now === undefined) continue;
    const order = toTell(now);
    for (const before of told.get(keyOf(key)) ?? []) {
      if (order?.provider === before.provider) continue;
      // The order is with another provider now, or not there at all.
      const parted = now.parted && now.unit !== before.unit;
      const gone = now.deleted ? "cancelled" : order !== null || parted ? "moved" : null;
      if (gone === null || before.gone !== null) continue;
      const type = gone === "moved" ? "order.ended" : "order.cancelled";
      news.push({ order: { ...before, gone }, type, changes: [], units: [before.unit] });
    }
    if (order === null) continue;
    const before = told.get(keyOf(key))?.find(({ provider }) => provider === order.provider);
    const what = whatIsNew(before, order);
    if (what !== null) news.push({ order, ...what, units: [...new Set([before?.unit ?? order.unit, order.unit])] });
  }
  const numbers = await writeToldOrders(
    tx,
    tenantId,
    news.map(({ order }) => order),
    at,
  );
  return news.flatMap(({ order, type, changes, units }, index) => {
    if (type === null || !known.has(order.sourceNo)) return [];
    const no = String(numbers[index]);
    const subject = { subjectKind: "order", subject: no, orderKey: `order ${no}` } as const;
    return [newEvent({ type, at, provider: order.provider, units, changes, ...subject })];
  });
}

/** What a provider is told of an order; `type` null: nothing, but it is written down; null: it knows. */
export function whatIsNew(
  before: Omit<ToldOrder, "no"> | undefined,
  order: Omit<ToldOrder, "no">,
): { type: string | null; changes: OrderChange[] } | null {
  if (before === undefined) return { type: order.gone === null ? "order.created" : null, changes: [] };
  const changes = changesOf(before, order);
  if (changes.length === 0 && before.gone === order.gone) return null;
  if (order.gone !== null) return { type: before.gone === null ? `order.${order.gone}` : null, changes: [] };
  if (before.gone !== null) return { type: "order.created", changes: [] };
  return { type: "order.changed", changes };
}

/** A line as it is told: service, minutes, times, per, weekdays, part of the day, staffing, first and last day. */
type Line = [service: string, ...rest: unknown[]];
const STAFFING = 6;

/** In which ways an order is not as it was. */
function changesOf(before: Omit<ToldOrder, "no">, order: Omit<ToldOrder, "no">): OrderChange[] {
  const [was, is] = [JSON.parse(before.lines) as Line[], JSON.parse(order.lines) as Line[]];
  const rest = (lines: readonly Line[]): string =>
    lines
      .map((line) => JSON.stringify(line.toSpliced(STAFFING, 1)))
      .sort()
      .join();
  const staffing = (lines: readonly Line[], service: string): string =>
    lines
      .filter(([of]) => of === service)
      .map((line) => String(line[STAFFING]))
      .sort()
      .join();
  const otherwise = before.lines !== order.lines && rest(was) !== rest(is);
  const staffed =
    before.lines !== order.lines &&
    (otherwise
      ? was.some(([service]) => {
          const now = is.filter(([of]) => of === service).length;
          // Where lines came or went it is not said that the staffing of those that stayed changed.
          return (
            now === was.filter(([of]) => of === service).length && staffing(was, service) !== staffing(is, service)
          );
        })
      : true);
  const found: Array<[OrderChange, boolean]> = [
    ["lines", otherwise],
    ["staffing", staffed],
    ["period", before.validFrom !== order.validFrom || before.validTo !== order.validTo],
    ["unit", before.unit !== order.unit],
    ["status", before.status !== order.status],
    ["client", before.clientNo !== order.clientNo],
  ];
  return found.filter(([, changed]) => changed).map(([change]) => change);
}

async function absenceEvents(
  tx: Transaction,
  tenantId: string,
  touched: readonly TouchedRecord[],
  known: ReadonlySet<number>,
  at: Instant,
): Promise<NewEvent[]> {
  const changed = await selectAbsenceChanges(tx, tenantId, touched);
  await writeToldAbsences(tx, tenantId, changed);
  const news = changed.filter(({ sourceNo }) => known.has(sourceNo));
  const clients = new Set(news.flatMap(({ clientNo, toldClientNo }) => [clientNo, toldClientNo ?? clientNo]));
  const serving = await selectServing(tx, tenantId, [...clients], dayOf(at));
  // Of several absences of one person, each provider is told once.
  const once = new Map(serving.map((one) => [`${one.provider} ${one.clientNo}`, one]));
  return [...once.values()].map(({ provider, clientNo, units }) =>
    newEvent({ type: "client.status-changed", at, provider, units, subjectKind: "client", subject: String(clientNo) }),
  );
}
