import { and, asc, eq, isNull, lt, or } from "drizzle-orm";
import type { Instant } from "#model";
import type { Database } from "./database.ts";
import { apiClients as table, endpoints } from "./tables/webhooks.ts";
import { without } from "./without.ts";

/** How a program shows who it is: by a secret or a signature for a token, by a key each time, or by another's token. */
export const apiClientKinds = ["secret", "private_key_jwt", "key", "external"] as const;
export type ApiClientKind = (typeof apiClientKinds)[number];

export type StoredApiClient = Omit<typeof table.$inferSelect, "tenantId" | "kind"> & { kind: ApiClientKind };
export type NewApiClient = Omit<StoredApiClient, "no" | "revokedAt" | "lastUsedAt">;

const stored = (row: typeof table.$inferSelect): StoredApiClient => ({
  ...without(row, "tenantId"),
  // Written by `insertApiClient`.
  kind: row.kind as ApiClientKind,
});

export async function insertApiClient({ orm }: Database, tenantId: string, client: NewApiClient): Promise<void> {
  await orm.insert(table).values({ tenantId, ...client });
}

/** Programs of providers, revoked ones included, in the order in which they were made. */
export async function selectApiClients({ orm }: Database, tenantId: string): Promise<StoredApiClient[]> {
  return (await orm.select().from(table).where(eq(table.tenantId, tenantId)).orderBy(asc(table.no))).map(stored);
}

/** One program that is not revoked; null where there is none. */
export async function selectApiClient(
  { orm }: Database,
  tenantId: string,
  id: string,
): Promise<StoredApiClient | null> {
  const [row] = await orm
    .select()
    .from(table)
    .where(and(eq(table.tenantId, tenantId), eq(table.id, id), isNull(table.revokedAt)));
  return row === undefined ? null : stored(row);
}

/** Changes a program that is not revoked; false where there is none. */
export async function changeApiClient(
  { orm }: Database,
  tenantId: string,
  id: string,
  change: Partial<Pick<StoredApiClient, "secretHash" | "jwks" | "revokedAt">>,
): Promise<boolean> {
  const changed = await orm
    .update(table)
    .set(change)
    .where(and(eq(table.tenantId, tenantId), eq(table.id, id), isNull(table.revokedAt)))
    .returning({ no: table.no });
  return changed.length > 0;
}

const MINUTE_MS = 60_000;

/** Remembers, to the minute, that a program was here. */
export async function seeApiClient({ orm }: Database, tenantId: string, no: number, at: Instant): Promise<void> {
  await orm
    .update(table)
    .set({ lastUsedAt: at })
    .where(
      and(
        eq(table.tenantId, tenantId),
        eq(table.no, no),
        or(isNull(table.lastUsedAt), lt(table.lastUsedAt, at - MINUTE_MS)),
      ),
    );
}

/** Numbers of a provider's endpoints, whatever their state. */
export async function selectEndpointNos({ orm }: Database, tenantId: string, provider: string): Promise<number[]> {
  const rows = await orm
    .select({ no: endpoints.no })
    .from(endpoints)
    .where(and(eq(endpoints.tenantId, tenantId), eq(endpoints.provider, provider)))
    .orderBy(asc(endpoints.no));
  return rows.map(({ no }) => no);
}
