import type { Instant } from "#model";
import type { Database } from "./database.ts";
import { accessLog } from "./tables/access.ts";

/** Who was shown which personal data. */
export interface Access {
  at: Instant;
  actor: string;
  operation: string;
  /** The client, staff member or selection that was shown, by id. */
  subject: string;
  rows: number;
}

/** Records a reading of personal data; to be called before the data is handed out. */
export async function recordAccess(database: Database, tenantId: string, access: Access): Promise<void> {
  await database.orm.insert(accessLog).values({ tenantId, ...access });
}
