import type { Month } from "#model";
import type { Statement } from "#statement";
import { selectOwnNumbers, type SettlementLine } from "#store";
import { type Actor, permitOwn } from "../actor.ts";
import { pageOfSettlement } from "../list-settlement.ts";
import { makeStatement, type StatementNeeds } from "../make-statement.ts";
import type { OwnNeeds } from "./orders.ts";

/** Clients and orders of a provider's by what figures call them, as numbers; what is not among its own is not there. */
export interface OwnNumbers {
  clients: ReadonlyMap<string, number>;
  orders: ReadonlyMap<string, number>;
}

/** As the municipality's own people read it, of one provider. */
const reading = (actor: Actor): Actor => ({ ...actor, permissions: new Set(["settlement:read"]) });

const known = (ids: Iterable<string | null>): string[] => [...new Set(ids)].filter((id) => id !== null);

/** A page of the provider's lines of a month. The reading is recorded. */
export async function pageOfOwnSettlement(
  needs: OwnNeeds,
  actor: Actor,
  page: { month: Month; limit: number; after?: string },
): Promise<{ lines: SettlementLine[]; next: string | null; numbers: OwnNumbers }> {
  const provider = permitOwn(actor, "own-settlement:read");
  const found = await pageOfSettlement(needs, reading(actor), { ...page, provider });
  const { lines } = found;
  const numbers = await selectOwnNumbers(needs.database, actor.tenantId, provider, {
    clients: known(lines.map(({ client }) => client)),
    orders: known(lines.map(({ order }) => order)),
  });
  return { ...found, numbers };
}

/** The provider's month, from every registered interval to öre. The reading is recorded. */
export async function makeOwnStatement(
  needs: StatementNeeds,
  actor: Actor,
  month: Month,
): Promise<{ statement: Statement; numbers: OwnNumbers }> {
  const provider = permitOwn(actor, "own-settlement:read");
  const statement = await makeStatement(needs, reading(actor), { month, provider });
  const numbers = await selectOwnNumbers(needs.database, actor.tenantId, provider, {
    clients: known([...statement.lines, ...statement.adjustments].map(({ client }) => client)),
    orders: known(statement.lines.map(({ order }) => order)),
  });
  return { statement, numbers };
}
