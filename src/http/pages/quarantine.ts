import { Hono } from "hono";
import { html } from "hono/html";
import { formatLocal } from "#model";
import { listQuarantine } from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { dataTable, layout } from "../views/layout.ts";

const rowsMax = 500;

/** `/karantan`: records that did not fit, with place and reason. */
export function quarantinePage() {
  return new Hono<Env>().get("/", needs("quarantine:read"), async (c) => {
    const { system } = c.var;
    const waiting = await listQuarantine(system, c.var.actor, { limit: rowsMax });
    const body = html`<p>
        Poster som inte gick att läsa in. Rätta i källan eller i översättningen (mappningsfilen), och kör sedan
        <code>npx klarsyn quarantine retry</code> på servern. Värdet självt visas aldrig, bara vad för slags värde det
        är.
      </p>
      ${dataTable(
        waiting.length === rowsMax ? `De ${rowsMax} äldsta posterna` : "Poster i karantän, äldst först",
        [
          { title: "Källa", kind: "short" },
          { title: "Plats" },
          { title: "Rad", kind: "number" },
          { title: "Fält" },
          { title: "Värde" },
          { title: "Vad som är fel", kind: "long" },
          { title: "Sedan", kind: "short" },
        ],
        waiting.map((row) => [
          `${row.source}/${row.resource}`,
          row.place,
          row.line,
          row.field,
          row.valueClass,
          row.rule,
          formatLocal(row.at),
        ]),
        "Ingenting väntar i karantän.",
      )}`;
    return c.html(layout(c, { title: "Karantän", path: "/karantan", body }));
  });
}
