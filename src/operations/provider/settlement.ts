import type { Month } from "#model";
import type { Statement } from "#statement";
import {
  type Database,
  isClosed,
  type ProviderFigures,
  selectNames,
  selectOwnNumbers,
  selectProviderFigures,
  type SettlementLine,
  type Vault,
} from "#store";
import { type Actor, type Permission, permitOwn } from "../actor.ts";
import type { ExportedFile } from "../hand-out.ts";
import { pageOfSettlement } from "../list-settlement.ts";
import { makeStatement, type StatementNeeds } from "../make-statement.ts";
import { chooseMonth } from "../show-overview.ts";
import { statementFile, type StatementFormat } from "../statement-file.ts";
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

/** A month of the provider's in sums. */
export interface OwnMonth {
  /** Null: nothing has been counted yet. */
  month: Month | null;
  months: Month[];
  /** Nothing of it changes any more; what comes later is paid in another month. */
  closed: boolean;
  provider: string;
  figures: Omit<ProviderFigures, "provider"> | null;
}

/** The wanted month of the provider's, else the latest in which it visited somebody: sums only, nothing about a person. */
export async function showOwnMonth(
  { database }: { database: Database },
  actor: Actor,
  wanted?: Month,
): Promise<OwnMonth> {
  const provider = permitOwn(actor, "own-settlement:read");
  const { tenantId, scope } = actor;
  const [{ month, months }, names] = await Promise.all([
    chooseMonth({ database }, reading(actor), wanted),
    selectNames(database, tenantId),
  ]);
  const name = names.provider.get(provider) ?? provider;
  if (month === null) return { month, months, closed: false, provider: name, figures: null };
  const all = await selectProviderFigures(database, tenantId, scope, month);
  const figures = all.find((row) => row.provider === provider);
  return { month, months, closed: await isClosed(database, tenantId, month), provider: name, figures: figures ?? null };
}

/**
 * The provider's month as a file. Clients and staff stand as its own systems know them; of somebody whose identity is
 * protected only that. The reading is recorded.
 */
export async function exportOwnStatement(
  needs: StatementNeeds & { vault: Vault },
  actor: Actor,
  { month, format }: { month: Month; format: StatementFormat },
): Promise<ExportedFile> {
  const provider = permitOwn(actor, "own-settlement:read");
  const statement = await makeStatement(
    needs,
    reading(actor),
    { month, provider },
    { operation: "export-own-statement" },
  );
  const seeing = { ...actor, permissions: new Set<Permission>(["findings:read"]) };
  return statementFile(needs, seeing, statement, format, (id, person) =>
    // An id of ours says nothing to a provider.
    person.protected || id.startsWith("pid:") ? person.text : id,
  );
}
