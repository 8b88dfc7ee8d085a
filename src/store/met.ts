import { type Day, formatDay } from "#model";
import type { Database } from "./database.ts";

/** Whom clients or staff met in visits of some days, from one through another or of a list; references by their number in `refs`. */
export async function selectMet(
  { pool }: Database,
  tenantId: string,
  {
    of,
    refs,
    fromDay,
    throughDay,
    days,
  }: { of: "client" | "staff"; refs: readonly number[]; fromDay: Day; throughDay: Day; days?: readonly Day[] },
): Promise<number[]> {
  const [own, other] = of === "client" ? ["client_id", "staff_id"] : ["staff_id", "client_id"];
  const { rows } = await pool.query<[number]>({
    text: `SELECT DISTINCT ${other} FROM visits WHERE tenant_id = $1 AND ${own} = ANY ($2) AND day BETWEEN $3 AND $4
      AND ($5::date[] IS NULL OR day = ANY ($5)) AND NOT deleted AND ${other} IS NOT NULL`,
    values: [tenantId, refs, formatDay(fromDay), formatDay(throughDay), days?.map(formatDay) ?? null],
    rowMode: "array",
  });
  return rows.map(([ref]) => ref);
}
