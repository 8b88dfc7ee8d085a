import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { formatOre } from "#model";
import { exportOwnStatement, pageOfOwnSettlement, showOwnMonth, statementFormats } from "#operations";
import { handOut } from "./exports.ts";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { button, hidden } from "../views/fields.ts";
import { form } from "../views/form.ts";
import { amount, dataTable, emptyState, hours, layout, monthChoice, selectField } from "../views/layout.ts";

const path = "/manad";
const LINES = 200;
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);
const file = z.object({ manad: month, format: z.enum(statementFormats as [(typeof statementFormats)[number]]) });

/** `/manad`: what a provider's month comes to, and its statement as a file. */
export function ownMonthPages() {
  return new Hono<Env>()
    .get("/", needs("own-settlement:read"), async (c) => {
      const { system, actor } = c.var;
      const wanted = month.safeParse(c.req.query("manad")).data;
      const shown = await showOwnMonth(system, actor, wanted);
      const { figures } = shown;
      if (shown.month === null || figures === null) {
        const body = html`${shown.month === null ? "" : monthChoice(path, shown.months, shown.month)}
        ${emptyState("Det finns inga siffror för er än. De kommer med den första natten.")}`;
        return c.html(layout(c, { title: "Avräkning", path, body }));
      }
      const { lines, next } = await pageOfOwnSettlement(system, actor, { month: shown.month, limit: LINES });
      const body = html`${monthChoice(path, shown.months, shown.month)}
        <ul class="facts">
          <li class="box">
            Ersättning<strong>${formatOre(figures.payableOre)}</strong>${hours(figures.payableMinutes)}
          </li>
          <li class="box">
            Fakturerat<strong>${formatOre(figures.claimedOre)}</strong>${hours(figures.claimedMinutes)}
          </li>
          <li class="box">
            Utfört<strong>${hours(figures.registeredMinutes)}</strong>av ${hours(figures.grantedMinutes)} beviljat
          </li>
          <li class="box">
            Utfört, inte fakturerat<strong>${formatOre(figures.unbilledOre)}</strong>fakturerat för mycket:
            ${formatOre(figures.overbilledOre)}
          </li>
        </ul>
        <p>
          ${
            shown.closed
              ? "Månaden är låst. Det som ändras efteråt betalas i en senare månad."
              : "Månaden är öppen. Siffrorna ändras tills den låses."
          }
        </p>
        <h2>Underlag</h2>
        ${form(
          c,
          `${path}/fil`,
          html`${hidden({ manad: shown.month })}
            <p class="quiet">Filen visar varje besök, från registrerad tid till öre. Ni kan räkna efter den.</p>
            <div class="row">
              ${selectField(
                "format",
                "Slag av fil",
                statementFormats.map((value) => ({ value, text: value.toUpperCase() })),
              )}
              ${button("Hämta underlaget", "secondary")}
            </div>`,
        )}
        ${dataTable(
          next === null ? "Månadens rader" : `De ${LINES} första raderna; filen har alla`,
          [
            { title: "Beställning", kind: "short" },
            { title: "Insats" },
            { title: "Utfört", kind: "number" },
            { title: "Ersättning, minuter", kind: "number" },
            { title: "Ersättning", kind: "number" },
            { title: "Fakturerat", kind: "number" },
          ],
          lines.map(({ order, line, service, minutes, ore }) => [
            line ?? order,
            service,
            minutes.registered,
            minutes.payable,
            amount(ore.payable),
            amount(ore.claimed),
          ]),
          "Månaden har inga rader.",
        )}`;
      return c.html(layout(c, { title: `Avräkning ${shown.month}`, path, lead: shown.provider, body }));
    })
    .post("/fil", needs("own-settlement:read"), async (c) => {
      const { manad, format } = file.parse(await c.req.parseBody());
      return handOut(c, await exportOwnStatement(c.var.system, c.var.actor, { month: manad, format }));
    });
}
