import { AppError } from "#errors";
import { dayOf, type Instant } from "#model";
import { recordAccess, selectOwnAbsences, selectOwnClient } from "#store";
import { type Actor, permitOwn } from "../actor.ts";
import { type OwnNeeds, type OwnPerson, personOf } from "./orders.ts";

class ClientMissing extends AppError {
  readonly code = "client.missing";
  readonly kind = "missing";

  constructor() {
    super("There is no such client, or no order of theirs is in force here.");
  }
}

/** Somebody whom the provider helps, and when they are away. Why is nobody's business here. */
export interface OwnClient {
  no: number;
  person: OwnPerson;
  /** That end in the future or since yesterday; `to` null: until somebody says otherwise. */
  absences: Array<{ from: Instant; to: Instant | null }>;
}

const DAY_MS = 86_400_000;

/** A client of whom an order of the provider's is in force. The reading is recorded. */
export async function showOwnClient(needs: OwnNeeds, actor: Actor, no: number): Promise<OwnClient> {
  const provider = permitOwn(actor, "own-clients:read");
  const { database, now } = needs;
  const at = now();
  const client = await selectOwnClient(database, actor.tenantId, provider, no, dayOf(at));
  if (client === null) throw new ClientMissing();
  const [person, absences] = await Promise.all([
    personOf(needs, actor.tenantId, client),
    selectOwnAbsences(database, actor.tenantId, client, at - DAY_MS),
  ]);
  await recordAccess(database, actor, { at, operation: "own-client", subject: client, rows: 1 });
  return { no, person, absences };
}
