import { html } from "hono/html";
import { formatLocal, type Instant } from "#model";
import type { Html } from "./html.ts";
import { tag } from "./state.ts";

/** What the municipality's system says of an order. */
export const orderStatusNames: Readonly<Record<string, string>> = {
  registered: "registrerad, inte skickad",
  sent: "skickad",
  accepted: "bekräftad",
  declined: "tackat nej",
  ended: "avslutad",
  cancelled: "återtagen",
};

/** Why an order does not stand any more. */
export const goneNames: Readonly<Record<string, string>> = {
  ended: "avslutad",
  cancelled: "återtagen",
  moved: "flyttad till en annan utförare",
};

const changeNames: Readonly<Record<string, string>> = {
  lines: "insatser eller tid",
  staffing: "bemanning",
  period: "period",
  unit: "enhet",
  client: "brukare",
};

export const changesText = (changes: readonly string[]): string =>
  changes.map((change) => changeNames[change] ?? change).join(", ");

/** By when something is to be answered; a sign where the time has passed. */
export function dueTag(dueAt: Instant | null, now: Instant): Html | null {
  if (dueAt === null) return null;
  return dueAt < now ? tag(`försenat, ${formatLocal(dueAt)}`, "warning") : html`${formatLocal(dueAt)}`;
}
