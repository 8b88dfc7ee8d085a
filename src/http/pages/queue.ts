import { Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { dayOf, parseDate } from "#model";
import {
  type BulkStep,
  bulkStep,
  type CaseRow,
  findCase,
  listViews,
  queueOfCases,
  removeView,
  saveView,
  searchPerson,
  takeNext,
  undoBulk,
} from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import {
  bulkSteps,
  filterForm,
  foundPerson,
  personSearch,
  queueHref,
  queuePath,
  queueSummary,
  queueTable,
  readQueueFilter,
  savedViews,
} from "../views/case/queue.ts";
import { listExport } from "../views/export.ts";
import { button, hidden } from "../views/fields.ts";
import { done, form } from "../views/form.ts";
import { counted } from "../views/case/words.ts";
import { emptyState, layout } from "../views/layout.ts";
import { namesFor } from "./case-names.ts";

const kept = z
  .string()
  .max(2000)
  .transform((text) => readQueueFilter(Object.fromEntries(new URLSearchParams(text))));
const viewSaid = z.object({ name: z.string().default(""), filter: kept });
const personAsked = z.object({
  who: z.enum(["client", "staff"]),
  text: z.string().max(200),
  reason: z.string().max(200),
});
const marked = z
  .string()
  .regex(/^\S+ \d+$/)
  .transform((text) => {
    const [no = "", version] = text.split(" ");
    return { no, version: Number(version) };
  });
const bulkAsked = z.object({
  case: z.union([marked.transform((one) => [one]), z.array(marked)]).default([]),
  step: z.enum(Object.keys(bulkSteps) as [keyof typeof bulkSteps]),
  reason: z.string().default(""),
  until: z.string().default("").transform(parseDate),
});

/** What is done with many, or what is missing for it, in words. */
function bulkStepOf({ step, reason, until }: Omit<z.output<typeof bulkAsked>, "case">, me: string): BulkStep | string {
  if (step === "take" || step === "release") return { kind: "assign", to: step === "take" ? me : null };
  if (reason.trim() === "") return "Ingenting är ändrat: skriv ett skäl.";
  if (step !== "snooze") return { kind: "close", outcome: step, motivation: reason };
  return until === null ? "Ingenting är ändrat: välj en dag." : { kind: "snooze", until, reason };
}

/** People whom cases are about. */
const peopleOf = (cases: readonly CaseRow[]): Record<"client" | "staff", string[]> => ({
  client: cases.flatMap(({ subject }) => (subject.kind === "client" ? [subject.id] : [])),
  staff: cases.flatMap(({ subject }) => (subject.kind === "staff" ? [subject.id] : [])),
});

/** `/arenden`: the queue, with its filters, kept views and what is done with many cases at once. */
export function queuePages() {
  return (
    new Hono<Env>()
      .get("/", needs("cases:read"), async (c) => {
        const { system, actor } = c.var;
        const { address, filter } = readQueueFilter(c.req.query());
        const [page, views] = await Promise.all([queueOfCases(system, actor, filter), listViews(system, actor)]);
        const names = await namesFor(c.var, peopleOf(page.cases));
        const works = actor.permissions.has("cases:work");
        const { after: _, ...first } = address;
        const formOf: Parameters<typeof savedViews>[2] = (action, body) => form(c, action, body);
        const rules = system.rules
          .map(({ id, title }) => [id, title.sv] as const)
          .toSorted(([, a], [, b]) => a.localeCompare(b, "sv"));
        const body = html`<div class="row screen">
            ${
              works
                ? form(
                    c,
                    `${queuePath}/nasta`,
                    html`${hidden({ filter: new URLSearchParams(first).toString() })}
                    ${button("Ta nästa ärende", "primary", "n")}`,
                  )
                : ""
            }
            <form method="get" action="${queuePath}/sok" class="row">
              <div class="ds-field">
                <label class="ds-label" for="nr">Ärendets nummer</label>
                <input
                  class="ds-input"
                  type="search"
                  size="14"
                  id="nr"
                  name="nr"
                  placeholder="2026-00042"
                  data-key="/"
                  required
                />
              </div>
              ${button("Öppna", "secondary")}
            </form>
          </div>
          ${actor.permissions.has("persons:search") ? personSearch(formOf) : ""}
          ${filterForm(address, { providers: names.providers, rules })} ${savedViews(views, address, formOf)}
          ${queueTable(page, address, { names, today: dayOf(system.now()), works, form: formOf })}
          ${
            actor.permissions.has("exports:make")
              ? listExport(c, `${queuePath}/export`, { filter: new URLSearchParams(first).toString() })
              : ""
          }
          ${
            page.next === null
              ? ""
              : html`<p class="pages">
                  <a class="ds-button" data-variant="secondary" href="${queueHref({ ...address, after: page.next })}"
                    >Nästa sida</a
                  >
                </p>`
          }`;
        return c.html(layout(c, { title: "Ärenden", path: queuePath, lead: queueSummary(page), body }));
      })
      .get("/sok", needs("cases:read"), async (c) => {
        const no = await findCase(c.var.system, c.var.actor, c.req.query("nr") ?? "");
        return no === null
          ? done(c, queuePath, "Det finns inget ärende med det numret.")
          : c.redirect(`${queuePath}/${no}`, 303);
      })
      // Posted, and answered at once: who was looked for stands in no address.
      .post("/person", needs("persons:search", "cases:read"), async (c) => {
        const { who, text, reason } = personAsked.parse(await c.req.parseBody());
        const found = await searchPerson(c.var.system, c.var.actor, { who, text, reason });
        const names = await namesFor(c.var, { [who]: found.map(({ id }) => id) });
        const body = html`<p class="screen"><a class="ds-link" href="${queuePath}">Alla ärenden</a></p>
          ${found.map(({ id, cases }) => foundPerson(names.person(who, id), cases, names))}
          ${
            found.length === 0
              ? emptyState(
                  "Ingen hittades i något ärende som du kan se. Pröva personnumret eller numret i källan. Den som har skyddade uppgifter hittas inte på namn.",
                )
              : ""
          }`;
        return c.html(await layout(c, { title: "Ärenden om en person", path: queuePath, body }));
      })
      .post("/flera", needs("cases:read", "cases:work"), async (c) => {
        const { case: cases, ...asked } = bulkAsked.parse(await c.req.parseBody({ all: true }));
        if (cases.length === 0) return done(c, queuePath, "Inget var markerat. Markera ärenden i listan först.");
        const step = bulkStepOf(asked, c.var.actor.id);
        if (typeof step === "string") return done(c, queuePath, step);
        const { batch, done: taken, skipped } = await bulkStep(c.var.system, c.var.actor, { cases, step });
        const left =
          skipped.length === 0
            ? ""
            : ` ${counted(skipped.length, "ärende", "ärenden")} hade ändrats eller tillät det inte, och är som de var.`;
        const body = html`<p role="status">
            ${counted(taken.length, "ärende är ändrat", "ärenden är ändrade")}.${left}
          </p>
          <div class="row">
            ${batch === null ? "" : form(c, `${queuePath}/angra`, html`${hidden({ batch })} ${button("Ångra", "secondary")}`)}
            <a class="ds-button" href="${queuePath}">Till ärendena</a>
          </div>`;
        return c.html(await layout(c, { title: "Flera ärenden på en gång", path: queuePath, body }));
      })
      .post("/angra", needs("cases:read", "cases:work"), async (c) => {
        const batch = z
          .string()
          .max(100)
          .parse((await c.req.parseBody())["batch"]);
        const { done: back, skipped } = await undoBulk(c.var.system, c.var.actor, batch);
        const left =
          skipped.length === 0 ? "" : ` ${counted(skipped.length, "hade", "hade")} ändrats sedan dess och är kvar.`;
        return done(c, queuePath, `${counted(back.length, "ärende är", "ärenden är")} som förut.${left}`);
      })
      .post("/nasta", needs("cases:work"), async (c) => {
        const { filter } = viewSaid.parse(await c.req.parseBody()).filter;
        const no = await takeNext(c.var.system, c.var.actor, filter);
        if (no === null)
          return done(
            c,
            queuePath,
            "Inget ärende väntar med de filtren. Ta bort filter eller se vad som är tilldelat dig.",
          );
        return done(c, `${queuePath}/${no}`, "Ärendet är ditt.");
      })
      .post("/vyer", needs("cases:read"), async (c) => {
        const { name, filter } = viewSaid.parse(await c.req.parseBody());
        const { address } = filter;
        await saveView(c.var.system, c.var.actor, {
          name,
          filter: address as Parameters<typeof saveView>[2]["filter"],
        });
        return done(c, queueHref(address), "Vyn är sparad.");
      })
      .post("/vyer/:id{\\d+}/bort", needs("cases:read"), async (c) => {
        await removeView(c.var.system, c.var.actor, Number(c.req.param("id")));
        return done(c, queuePath, "Vyn är borttagen.");
      })
  );
}
