import { MINUTE } from "#model";
import { claimMail, markMailSent, type WaitingMail } from "#store";
import type { AnnounceNeeds } from "./announce.ts";

/** What is worth a message; the rest is seen when somebody signs in. */
const types = ["order.created", "order.changed", "order.ended", "order.cancelled", "finding.explanation-requested"];
const EVERY_MS = 15 * MINUTE;

/**
 * Sends what providers without a working endpoint are to be told: that something waits, and nothing else. `send` says
 * whether the message went; one that did not is tried again after a while. Gives how many went.
 */
export async function mailWaiting(
  { database, now }: AnnounceNeeds,
  tenantId: string,
  send: (mail: Pick<WaitingMail, "email">) => Promise<boolean>,
): Promise<number> {
  let sent = 0;
  for (const mail of await claimMail(database, tenantId, { types, at: now(), everyMs: EVERY_MS })) {
    if (!(await send(mail))) continue;
    await markMailSent(database, tenantId, mail);
    sent++;
  }
  return sent;
}
