import { Hono } from "hono";
import { html } from "hono/html";
import { formatDay, formatLocal } from "#model";
import { type DeclineReason, declineReasons, listOrdersToChase, showPeople } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { dataTable, layout } from "../views/layout.ts";
import { changesText, dueTag } from "../views/orders.ts";
import { personTag, revealForm } from "../views/person.ts";
import { tag } from "../views/state.ts";

const path = "/obekraftade";
const SHOWN = 200;

/** `/obekraftade`: orders that a provider has not answered in time, or has declined; somebody has to see to them. */
export function chasePages() {
  return new Hono<Env>().get("/", needs("findings:read"), async (c) => {
    const { system, actor } = c.var;
    const orders = await listOrdersToChase(system, actor);
    const shown = orders.slice(0, SHOWN);
    const people = await showPeople(system, actor, { client: shown.map(({ client }) => client) }, c.var.revealed);
    const now = system.now();
    const body = html`${dataTable(
      orders.length > SHOWN ? `De ${SHOWN} första av ${orders.length}` : "Beställningar utan ja",
      [
        { title: "Beställning", kind: "short" },
        { title: "Utförare och enhet" },
        { title: "Brukare", kind: "short" },
        { title: "Gäller från", kind: "short" },
        { title: "Läge", kind: "long" },
        { title: "Skulle ha besvarats", kind: "short" },
      ],
      shown.map(({ reference, provider, unit, client, validFrom, kind, declined, dueAt, changes }) => [
        reference,
        `${provider.name}, ${unit.name}`,
        personTag(people, "client", client),
        formatDay(validFrom),
        kind === "late" || declined === null
          ? changes.length === 0
            ? tag("inte bekräftad", "warning")
            : html`${tag("ändring inte bekräftad", "warning")} ${changesText(changes)}`
          : html`${tag("utföraren har tackat nej", "warning")} ${formatLocal(declined.at)}:
            ${declined.reason === null ? "" : declineReasons[declined.reason as DeclineReason]}${declined.text === "" ? "" : `. ${declined.text}`}`,
        dueTag(dueAt, now),
      ]),
      "Alla beställningar är besvarade i tid.",
    )}
    ${revealForm(c, people, path)}`;
    return c.html(
      layout(c, {
        title: "Obekräftade beställningar",
        path,
        lead: "Utföraren har inte svarat i tid, eller har tackat nej. Brukaren kan stå utan hjälp.",
        body,
      }),
    );
  });
}
