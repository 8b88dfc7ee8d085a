import { type ContractTerms, type Day, dayOf, formatDay, type Instant, parseDate } from "#model";
import { afterBusinessHours } from "#rule";
import { compileTerms } from "#settle";
import {
  claimReminders,
  type Database,
  type OrderReminder,
  type OrderToAnswer,
  recordAccess,
  releaseReminders,
  selectContractKeys,
  selectMailboxes,
  selectNames,
  selectOrdersToAnswer,
  selectRecordVersions,
  type Vault,
} from "#store";
import { type Actor, permit } from "../actor.ts";

/** A contract as far as the clock asks. */
interface ClockContract {
  provider: string;
  units: readonly string[] | null;
  services: readonly string[] | null;
  validFrom: Day;
  validTo: Day | null;
  confirm: ReturnType<typeof compileTerms>["orderConfirm"];
  eves: boolean;
}

/** When somebody is reminded of an order that waits for its answer, and when it is late. */
export interface ConfirmationClock {
  since: Instant;
  remindAt: Instant;
  dueAt: Instant;
}

const REMINDED_AFTER = 1 / 2;
/** What has waited longer waits for something else than an answer. */
const WAITING_DAYS_MAX = 90;

const day = (value: unknown): Day | null => (typeof value === "string" ? parseDate(value) : null);

/** Every contract, the oldest first. */
export async function readClockContracts(
  { database }: { database: Database },
  tenantId: string,
): Promise<ClockContract[]> {
  const versions = await selectRecordVersions(
    database,
    tenantId,
    "contracts",
    await selectContractKeys(database, tenantId),
  );
  return versions
    .filter(({ inForce, deleted }) => inForce && !deleted)
    .map(({ values }): ClockContract => {
      const { providerId, unitIds, services, terms } = values;
      const units = typeof unitIds === "string" ? (JSON.parse(unitIds) as string[]) : [];
      // Checked before it was stored.
      const { orderConfirm, eves } = compileTerms(
        (typeof terms === "string" ? JSON.parse(terms) : (terms ?? {})) as ContractTerms,
      );
      return {
        provider: String(providerId),
        units: units.length === 0 ? null : units,
        services: typeof services === "string" ? services.split("|") : null,
        validFrom: day(values["validFrom"]) ?? -Infinity,
        validTo: day(values["validTo"]),
        confirm: orderConfirm,
        eves,
      };
    })
    .toSorted((a, b) => a.validFrom - b.validFrom);
}

/** The contract in force: one that names unit or service before one that does not, then the later. */
function inForce(
  contracts: readonly ClockContract[],
  { provider, unit, service }: Pick<OrderToAnswer, "provider" | "unit" | "service">,
  on: Day,
): ClockContract | null {
  let [best, bestScore]: [ClockContract | null, number] = [null, -1];
  for (const contract of contracts) {
    const { units, services, validFrom, validTo } = contract;
    if (contract.provider !== provider || on < validFrom || (validTo !== null && on > validTo)) continue;
    if (units !== null && !units.includes(unit)) continue;
    if (services !== null && (service === null || !services.includes(service))) continue;
    const score = (units === null ? 0 : 1) + (services === null ? 0 : 1);
    if (score >= bestScore) [best, bestScore] = [contract, score];
  }
  return best;
}

/** The clock of an order that waits: from when it was ordered or came back or, answered before, changed. Null: no contract says. */
export function clockOf(contracts: readonly ClockContract[], order: OrderToAnswer): ConfirmationClock | null {
  const answered = order.last !== null || order.confirmedAt !== null;
  const since = answered
    ? order.changedAt
    : Math.max(order.orderedAt ?? order.createdAt, order.returnedAt ?? -Infinity);
  const contract = inForce(contracts, order, dayOf(since)) ?? inForce(contracts, order, order.validFrom);
  if (contract === null) return null;
  const { hours, ...limits } = contract.confirm;
  const counted = { ...limits, eves: contract.eves };
  return {
    since,
    remindAt: afterBusinessHours(since, hours * REMINDED_AFTER, counted),
    dueAt: afterBusinessHours(since, hours, counted),
  };
}

/** An order that handlers should see to. */
export interface OrderToChase {
  reference: string;
  client: string;
  provider: { id: string; name: string };
  unit: { id: string; name: string };
  validFrom: Day;
  kind: "late" | "declined";
  /** By when it was to be answered; null of one that was declined. */
  dueAt: Instant | null;
  /** What has changed since it was answered; none: it never was. */
  changes: readonly string[];
  declined: { at: Instant; reason: string | null; text: string } | null;
}

/** An order with what its provider has written beside a yes. */
export interface OrderWithWords extends Omit<OrderToChase, "kind" | "dueAt" | "changes" | "declined"> {
  at: Instant;
  plannedStart: Day | null;
  text: string;
}

const LISTED_MAX = 5000;

interface Needs {
  database: Database;
  now: () => Instant;
}

async function waitingOrders({ database, now }: Needs, tenantId: string) {
  const today = dayOf(now());
  const choose = (which: "unanswered" | "declined") =>
    selectOrdersToAnswer(database, tenantId, { which, today, limit: LISTED_MAX });
  const [unanswered, declined] = [await choose("unanswered"), await choose("declined")];
  if (unanswered.length + declined.length === 0) return { running: [], declined: [] };
  const contracts = await readClockContracts({ database }, tenantId);
  const running = unanswered.flatMap((order) => {
    const clock = clockOf(contracts, order);
    return clock === null || dayOf(clock.since) < today - WAITING_DAYS_MAX ? [] : [{ order, clock }];
  });
  return { running, declined };
}

/** How many orders have waited longer than their contract says, or were declined. Says nothing of anybody. */
export async function countOrdersToChase(needs: Needs, actor: Actor): Promise<Record<"late" | "declined", number>> {
  permit(actor, "findings:read");
  const { running, declined } = await waitingOrders(needs, actor.tenantId);
  const at = needs.now();
  return { late: running.filter(({ clock }) => clock.dueAt < at).length, declined: declined.length };
}

const shownOrder = (names: Awaited<ReturnType<typeof selectNames>>, order: OrderToAnswer) => ({
  reference: order.id,
  client: order.client,
  provider: { id: order.provider, name: names.provider.get(order.provider) ?? order.provider },
  unit: { id: order.unit, name: names.unit.get(order.unit) ?? order.unit },
  validFrom: order.validFrom,
});

/** Orders to which a provider has lately said yes with words or a planned start, the last first. The reading is recorded. */
export async function listOrdersWithWords(
  { database, vault, now }: Needs & { vault: Vault },
  actor: Actor,
): Promise<OrderWithWords[]> {
  permit(actor, "findings:read");
  const at = now();
  const choice = { which: "commented", today: dayOf(at), limit: LISTED_MAX } as const;
  const [orders, names] = await Promise.all([
    selectOrdersToAnswer(database, actor.tenantId, choice),
    selectNames(database, actor.tenantId),
  ]);
  const found = orders.map((order): OrderWithWords => {
    const { at: when, plannedStart, text } = order.last!;
    const said = text === null ? "" : vault.decrypt(text).toString();
    return { ...shownOrder(names, order), at: when, plannedStart, text: said };
  });
  const reading = { operation: "orders-with-words", subject: formatDay(dayOf(at)), rows: found.length };
  await recordAccess(database, actor, { at, ...reading });
  return found.toSorted((a, b) => b.at - a.at);
}

/** Orders that have waited longer than their contract says, and those that were declined. The reading is recorded. */
export async function listOrdersToChase(needs: Needs & { vault: Vault }, actor: Actor): Promise<OrderToChase[]> {
  permit(actor, "findings:read");
  const { database, vault, now } = needs;
  const at = now();
  const [{ running, declined }, names] = await Promise.all([
    waitingOrders(needs, actor.tenantId),
    selectNames(database, actor.tenantId),
  ]);
  const shown = (order: OrderToAnswer) => ({ ...shownOrder(names, order), changes: order.changes });
  const found: OrderToChase[] = [
    ...declined.map((order): OrderToChase => {
      const { at: when, reason, text } = order.last!;
      const said = text === null ? "" : vault.decrypt(text).toString();
      return { ...shown(order), kind: "declined", dueAt: null, declined: { at: when, reason, text: said } };
    }),
    ...running
      .filter(({ clock }) => clock.dueAt < at)
      .toSorted((a, b) => a.clock.dueAt - b.clock.dueAt)
      .map(({ order, clock }): OrderToChase => {
        return { ...shown(order), kind: "late", dueAt: clock.dueAt, declined: null };
      }),
  ];
  await recordAccess(database, actor, {
    at,
    operation: "orders-to-chase",
    subject: formatDay(dayOf(at)),
    rows: found.length,
  });
  return found;
}

/** What is told of orders that wait: how many, and of whom. */
export interface Chaser {
  /** To the provider; false: it did not go, and is tried again. */
  remind: (mail: { email: string; orders: number }) => Promise<boolean>;
  /** To those who run the municipality's side. */
  escalate: (what: { provider: string; late: number; declined: number }) => Promise<boolean>;
}

/**
 * Reminds providers of orders that wait when half of the contract's time has passed, and tells the municipality of those
 * that are late or declined; of each once. Gives how many orders were told of.
 */
export async function chaseOrders(
  needs: Needs,
  tenantId: string,
  { remind, escalate }: Chaser,
): Promise<{ reminded: number; escalated: number }> {
  const { database, now } = needs;
  const at = now();
  const { running, declined } = await waitingOrders(needs, tenantId);
  const due: OrderReminder[] = [
    ...running
      .filter(({ clock }) => clock.remindAt <= at)
      .map(({ order, clock }): OrderReminder => {
        const kind = clock.dueAt < at ? "late" : "reminder";
        return { provider: order.provider, orderNo: order.no, since: clock.since, kind };
      }),
    ...declined.map((order): OrderReminder => {
      return { provider: order.provider, orderNo: order.no, since: order.last!.at, kind: "declined" };
    }),
  ];
  const claimed = Map.groupBy(await claimReminders(database, tenantId, due, at), ({ provider }) => provider);
  if (claimed.size === 0) return { reminded: 0, escalated: 0 };
  const mailboxes = new Map((await selectMailboxes(database, tenantId)).map((box) => [box.provider, box.email]));
  let [reminded, escalated] = [0, 0];
  for (const [provider, all] of claimed) {
    const of = (kind: OrderReminder["kind"]) => all.filter((one) => one.kind === kind);
    const [early, late, no] = [of("reminder"), of("late"), of("declined")];
    const email = mailboxes.get(provider);
    if (early.length > 0 && email !== undefined) {
      if (await remind({ email, orders: early.length })) reminded += early.length;
      else await releaseReminders(database, tenantId, early);
    }
    if (late.length + no.length === 0) continue;
    if (await escalate({ provider, late: late.length, declined: no.length })) escalated += late.length + no.length;
    else await releaseReminders(database, tenantId, [...late, ...no]);
  }
  return { reminded, escalated };
}
