import { dayOf, type Instant } from "#model";
import { recordAccess, type OrderToAnswer, selectNames, selectOrdersToAnswer } from "#store";
import { type Actor, permitOwn } from "../actor.ts";
import { clockOf, readClockContracts } from "./clock.ts";
import type { DeclineReason, OwnAcknowledgement, OwnNeeds } from "./orders.ts";

/** Which of a provider's orders are listed. */
export const inboxFilters = ["unanswered", "changed", "declined", "standing", "all"] as const;
export type InboxFilter = (typeof inboxFilters)[number];

/** An order as the inbox shows it. Nothing says who it is for. */
export interface InboxOrder {
  no: number;
  reference: string;
  unit: string;
  service: string | null;
  status: string;
  gone: string | null;
  validFrom: OrderToAnswer["validFrom"];
  validTo: OrderToAnswer["validTo"];
  changedAt: Instant;
  /** Of what it is about since it was answered, or since it was new. */
  changes: readonly string[];
  acknowledgement: Pick<OwnAcknowledgement, "kind" | "reason" | "plannedStart" | "at"> | null;
  /** It waits for an answer; by when, where a contract says. */
  waits: boolean;
  dueAt: Instant | null;
}

const waits = ({ gone, status, last, confirmedAt, changes }: OrderToAnswer): boolean =>
  gone === null && status === "sent" && ((last === null && confirmedAt === null) || changes.length > 0);

/** A page of the provider's orders, the latest change first; `before` is where the page before ended. The reading is recorded. */
export async function listInbox(
  { database, now }: OwnNeeds,
  actor: Actor,
  { filter, before, limit }: { filter: InboxFilter; before?: number | undefined; limit: number },
): Promise<{ orders: InboxOrder[]; next: number | null }> {
  const provider = permitOwn(actor, "orders:read");
  const { tenantId } = actor;
  const at = now();
  const choice = { provider, which: filter, today: dayOf(at), before, limit: limit + 1 };
  const [found, names, contracts] = await Promise.all([
    selectOrdersToAnswer(database, tenantId, choice),
    selectNames(database, tenantId),
    readClockContracts({ database }, tenantId),
  ]);
  const page = found.slice(0, limit);
  await recordAccess(database, actor, { at, operation: "own-orders", subject: provider, rows: page.length });
  return {
    orders: page.map((order): InboxOrder => {
      const { no, id, unit, service, status, gone, validFrom, validTo, changedAt, changes, last } = order;
      return {
        no,
        reference: id,
        unit: names.unit.get(unit) ?? unit,
        service: service === null ? null : (names.service.get(service) ?? service),
        status,
        gone,
        validFrom,
        validTo,
        changedAt,
        changes,
        acknowledgement:
          last === null
            ? null
            : // Written by `acknowledgeOwnOrder`.
              { kind: last.kind, reason: last.reason as DeclineReason, plannedStart: last.plannedStart, at: last.at },
        waits: waits(order),
        dueAt: waits(order) ? (clockOf(contracts, order)?.dueAt ?? null) : null,
      };
    }),
    next: found.length > limit ? (page.at(-1)?.changeNo ?? null) : null,
  };
}

/** What waits for the provider: how many orders, and of them how many that are late; and when the next one is due. */
export async function countOwnWaiting(
  { database, now }: Pick<OwnNeeds, "database" | "now">,
  actor: Actor,
): Promise<{ orders: number; late: number; nextDueAt: Instant | null }> {
  const provider = permitOwn(actor, "orders:read");
  const at = now();
  const [orders, contracts] = await Promise.all([
    selectOrdersToAnswer(database, actor.tenantId, { provider, which: "unanswered", today: dayOf(at), limit: 1000 }),
    readClockContracts({ database }, actor.tenantId),
  ]);
  const due = orders.flatMap((order) => clockOf(contracts, order)?.dueAt ?? []);
  return {
    orders: orders.length,
    late: due.filter((dueAt) => dueAt < at).length,
    nextDueAt: due.filter((dueAt) => dueAt >= at).toSorted((a, b) => a - b)[0] ?? null,
  };
}
