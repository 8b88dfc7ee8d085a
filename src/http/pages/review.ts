import { type Context, Hono } from "hono";
import { html, raw } from "hono/html";
import { z } from "zod";
import { dayOf, monthOf, type Month } from "#model";
import {
  type BlindVisit,
  drawControlSample,
  drawStaffDay,
  type FieldValue,
  judgeSample,
  levels,
  nextBlindVisit,
  verdicts,
} from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { recordVersion } from "../views/case/finding.ts";
import { counted } from "../views/case/words.ts";
import { button, group, hidden, input, textArea, tick } from "../views/fields.ts";
import { done, form } from "../views/form.ts";
import { emptyState, type Html, layout } from "../views/layout.ts";
import { figure } from "../views/picture.ts";
import { namesFor } from "./case-names.ts";

const path = "/granskning";

const drawAsked = z.object({
  manad: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/),
  antal: z.coerce.number().int().min(1).max(500),
});
const judged = z.object({
  id: z.string().max(200),
  bedomning: z.enum(verdicts).optional(),
  fel: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  anteckning: z.string().max(10_000).default(""),
});

const verdictTexts: Readonly<Record<(typeof verdicts)[number], string>> = {
  right: "Inget fel: besöket är som det ska",
  wrong: "Något är fel: välj vad nedan",
  unclear: "Går inte att avgöra",
};

/** `/granskning`: visits drawn at random, judged by their facts alone. */
export function reviewPages() {
  return new Hono<Env>()
    .get("/", needs("control:judge", "cases:read", "findings:read", "settlement:read"), async (c) =>
      c.html(await reviewPage(c)),
    )
    .post("/", needs("control:judge", "cases:read", "findings:read", "settlement:read"), async (c) => {
      const typed = judged.parse(await c.req.parseBody({ all: true }));
      const { id, bedomning, fel, anteckning } = typed;
      const said =
        bedomning === undefined
          ? "Ingenting är sparat: välj hur besöket är."
          : bedomning === "wrong" && fel.length === 0
            ? "Ingenting är sparat: välj vad som är fel."
            : bedomning !== "wrong" && fel.length > 0
              ? "Ingenting är sparat: du har valt ett fel, men inte att något är fel."
              : null;
      if (said !== null || bedomning === undefined)
        return c.html(await reviewPage(c, { ...typed, refusal: said ?? "" }), 422);
      await judgeSample(c.var.system, c.var.actor, { id, verdict: bedomning, problems: fel, note: anteckning });
      return done(c, path, "Bedömningen är sparad.");
    })
    .post("/dra", needs("control:judge"), async (c) => {
      const { manad, antal } = drawAsked.parse(await c.req.parseBody());
      const drawn = await drawControlSample(c.var.system, c.var.actor, { month: manad, each: antal });
      return done(
        c,
        path,
        drawn === 0
          ? "Månaden har inga fler besök att dra."
          : `${counted(drawn, "besök är draget", "besök är dragna")}.`,
      );
    });
}

/** A judgement that was not taken, and why. */
type Typed = z.output<typeof judged> & { refusal: string };

/** The next visit to judge, or the way to draw some; with `typed` the same visit as it was judged. */
async function reviewPage(c: Context<Env>, typed?: Typed): Promise<Html> {
  const { system, actor } = c.var;
  const visit = await nextBlindVisit(system, actor);
  const lead =
    "Besök som dragits på måfå, både sådana som reglerna rapporterat och andra. Döm efter det som står här och ingenting annat. Inget av det skickas till utföraren.";
  const month = monthOf(dayOf(system.now()) - 31);
  const body =
    visit === null
      ? html`${emptyState("Inget besök väntar på granskning.")} ${drawForm(c, month)}`
      : await visitBody(visit);
  return layout(c, { title: "Granskning", path, lead, body });

  async function visitBody(blind: BlindVisit) {
    const fields = blind.record.versions.flatMap((one) => one.fields.map(({ value }) => value));
    const ids = (who: "client" | "staff") => fields.flatMap((value) => idOf(value, who));
    const names = await namesFor(c.var, { client: [blind.client, ...ids("client")], staff: ids("staff") });
    const [newest, ...older] = blind.record.versions;
    const start = newest?.fields.find(({ field }) => field === "start")?.value;
    const [staff] = newest?.fields.flatMap(({ value }) => idOf(value, "staff")) ?? [];
    const day =
      staff === undefined || start?.kind !== "instant"
        ? null
        : await drawStaffDay(system, actor, { id: "dag", staff, day: dayOf(start.at), claimed: [] });
    return html`${typed === undefined ? "" : html`<div class="ds-alert" data-color="warning" role="alert"><p>${typed.refusal}</p></div>`}
      <p>${counted(blind.left, "besök väntar", "besök väntar")}, det här inräknat.</p>
      <h2>Besöket</h2>
      ${newest === undefined ? emptyState("Posten finns inte längre.") : recordVersion(newest, names)}
      ${older.map(
        (one) =>
          html`<details class="plain">
            <summary>Tidigare version</summary>
            ${recordVersion(one, names)}
          </details>`,
      )}
      ${
        day === null
          ? ""
          : html`<h2>Personalens dag</h2>
              ${figure(day, { wide: true })}`
      }
      <h2>Din bedömning</h2>
      ${form(c, path, html`${hidden({ id: blind.id })} ${judgementFields()} ${button("Spara och visa nästa")}`)}`;
  }

  /** The rules' questions, without what they answered. */
  function judgementFields(): Html {
    const all = system.rules.toSorted((a, b) => a.title.sv.localeCompare(b.title.sv, "sv"));
    return html`${group(
      "Hur är besöket?",
      html`${verdicts.map((value) => tick({ name: "bedomning", label: verdictTexts[value], value, type: "radio", checked: typed?.bedomning === value }))}`,
    )}
    ${Object.entries(levels).map(
      ([level, title]) =>
        html`<details
          class="plain"
          ${raw(typed !== undefined && all.some((rule) => rule.level === level && typed.fel.includes(rule.id)) ? "open" : "")}
        >
          <summary>Vad som är fel: ${title.toLowerCase()}</summary>
          ${group(
            title,
            html`${all
              .filter((rule) => rule.level === level)
              .map((rule) =>
                tick({
                  name: "fel",
                  label: rule.title.sv,
                  value: rule.id,
                  checked: typed?.fel.includes(rule.id) ?? false,
                }),
              )}`,
          )}
        </details>`,
    )}
    ${textArea({ name: "anteckning", label: "Anteckning", rows: 2, value: typed?.anteckning ?? "" })}`;
  }
}

const idOf = (value: FieldValue, who: "client" | "staff"): string[] =>
  value.kind === "person" && value.who === who ? [value.id] : [];

function drawForm(c: Parameters<typeof form>[0], month: Month): Html {
  return html`<h2>Dra besök att granska</h2>
    <p>Lika många dras av dem som reglerna rapporterat, av dem som de undantagit och av alla andra.</p>
    ${form(
      c,
      `${path}/dra`,
      html`<div class="row">
          ${input({ name: "manad", label: "Månad (ÅÅÅÅ-MM)", value: month, required: true })}
          ${input({ name: "antal", label: "Antal av varje slag", type: "number", value: "20", required: true, extra: { min: "1", max: "500" } })}
        </div>
        ${button("Dra besök")}`,
    )}`;
}
