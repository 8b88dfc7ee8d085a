import { type Context, Hono } from "hono";
import { html } from "hono/html";
import { z } from "zod";
import { AppError } from "#errors";
import { dayOf, entityNames, formatDay, formatLocal, monthOf, parseDate } from "#model";
import {
  ATTACHMENT_BYTES_MAX,
  attachToCase,
  attachmentTypes,
  approveDecision,
  assignCase,
  caseOutcomes,
  type CaseFinding,
  closeCase,
  commentOnCase,
  drawClientMonth,
  drawPeers,
  drawStaffDay,
  judgeFindings,
  listColleagues,
  outcomeNames,
  previewLetter,
  proposeDecision,
  receiveExplanation,
  refusalTexts,
  rejectDecision,
  reopenCase,
  requestExplanation,
  readAttachment,
  showCase,
  showRawRecord,
  standingFirst,
  type ShownCase,
  snoozeCase,
  stepNames,
  type StepKind,
  StepRefused,
  takeCase,
  wakeCase,
  withdrawDecision,
} from "#operations";
import type { Picture } from "#picture";
import { needs, needsWithFiles } from "../authorise.ts";
import type { Env } from "../served.ts";
import { caseBody } from "../views/case/page.ts";
import { stepPaths, type Typed } from "../views/case/steps.ts";
import { caseExport } from "../views/export.ts";
import { button, hidden, textArea } from "../views/fields.ts";
import { done, form } from "../views/form.ts";
import { dataTable, type Html, layout } from "../views/layout.ts";
import { revealForm } from "../views/person.ts";
import { figure } from "../views/picture.ts";
import { namesFor } from "./case-names.ts";

const path = "/arenden";
const query = z.object({
  fynd: z.string().max(100).optional().catch(undefined),
  sida: z.coerce.number().int().min(1).max(100_000).catch(1),
  poster: z.coerce.number().int().min(1).max(100_000).catch(1),
});

const text = z.string().default("");
const list = z
  .union([z.string(), z.array(z.string())])
  .default([])
  .transform((said) => (typeof said === "string" ? [said] : said));
const version = z.coerce.number().int();
const date = z
  .string()
  .default("")
  .transform((said) => parseDate(said) ?? 0);
/** "1 234,50" → öre. */
const kronor = z
  .string()
  .default("")
  .transform((said) => {
    const number = Number(said.replaceAll(/[\s\u00a0\u202f]|kr/g, "").replace(",", "."));
    return Number.isFinite(number) ? Math.round(number * 100) : 0;
  });
const parts = ["evidence", "records", "client", "staff"] as const;
const letter = z.object({
  version,
  finding: list,
  show: list.transform(
    (said) =>
      Object.fromEntries(parts.map((part) => [part, said.includes(part)])) as Record<(typeof parts)[number], boolean>,
  ),
  question: text,
  dueOn: date,
});

/** What each step reads from its form, does, and says afterwards. */
const steps: Readonly<
  Record<Exclude<StepKind, "attach">, (c: Context<Env>, no: string, said: unknown) => Promise<string>>
> = {
  take: async (c, no, said) => {
    await takeCase(c.var.system, c.var.actor, { no, ...z.object({ version }).parse(said) });
    return "Ärendet är ditt.";
  },
  assign: async (c, no, said) => {
    const { to, ...seen } = z.object({ version, to: text }).parse(said);
    await assignCase(c.var.system, c.var.actor, { no, ...seen, to: to === "" ? null : to });
    return to === "" ? "Ärendet ligger i kön igen." : "Ärendet är tilldelat.";
  },
  comment: async (c, no, said) => {
    await commentOnCase(c.var.system, c.var.actor, { no, ...z.object({ text }).parse(said) });
    return "Kommentaren är sparad.";
  },
  judge: async (c, no, said) => {
    const judged = z
      .object({ version, finding: list, judgement: z.enum(["confirmed", "explained", "unclear", ""]) })
      .parse(said);
    const judgement = judged.judgement === "" ? null : judged.judgement;
    await judgeFindings(c.var.system, c.var.actor, {
      no,
      version: judged.version,
      findings: judged.finding,
      judgement,
    });
    return "Bedömningen är sparad.";
  },
  snooze: async (c, no, said) => {
    const { until, ...more } = z.object({ version, reason: text, until: date }).parse(said);
    await snoozeCase(c.var.system, c.var.actor, { no, ...more, until });
    return `Ärendet är lagt åt sidan till ${formatDay(until)}.`;
  },
  wake: async (c, no, said) => {
    await wakeCase(c.var.system, c.var.actor, { no, ...z.object({ version }).parse(said) });
    return "Ärendet är framme igen.";
  },
  "request-explanation": async (c, no, said) => {
    const { finding: findings, ...more } = letter.parse(said);
    await requestExplanation(c.var.system, c.var.actor, { no, findings, ...more });
    return `Förklaring är begärd till ${formatDay(more.dueOn)}. Brevet finns i historiken.`;
  },
  "receive-explanation": async (c, no, said) => {
    const { answer, ...more } = z.object({ version, answer: text, from: text }).parse(said);
    await receiveExplanation(c.var.system, c.var.actor, { no, ...more, text: answer });
    return "Förklaringen är registrerad.";
  },
  propose: async (c, no, said) => {
    const {
      kronor: amountOre,
      legalAnalysis,
      ...more
    } = z
      .object({ version, outcome: z.enum(outcomeNames), motivation: text, legalAnalysis: text, kronor, dueOn: date })
      .parse(said);
    const { outcome } = more;
    await proposeDecision(c.var.system, c.var.actor, { no, ...more, legalAnalysis, amountOre });
    return caseOutcomes[outcome].secondPerson
      ? "Förslaget är lämnat. En kollega måste godkänna det."
      : "Beslutet är fattat.";
  },
  approve: async (c, no, said) => {
    await approveDecision(c.var.system, c.var.actor, { no, ...z.object({ version, note: text }).parse(said) });
    return "Beslutet är godkänt.";
  },
  reject: async (c, no, said) => {
    await rejectDecision(c.var.system, c.var.actor, { no, ...z.object({ version, reason: text }).parse(said) });
    return "Förslaget är avslaget.";
  },
  withdraw: async (c, no, said) => {
    await withdrawDecision(c.var.system, c.var.actor, { no, ...z.object({ version }).parse(said) });
    return "Förslaget är tillbakataget.";
  },
  close: async (c, no, said) => {
    await closeCase(c.var.system, c.var.actor, { no, ...z.object({ version, note: text }).parse(said) });
    return "Ärendet är avslutat.";
  },
  reopen: async (c, no, said) => {
    await reopenCase(c.var.system, c.var.actor, { no, ...z.object({ version, reason: text }).parse(said) });
    return "Ärendet är öppnat igen.";
  },
};

/** `/arenden/:no`: all that is known of a case, and every step that it may take. */
export function casePages() {
  const pages = new Hono<Env>();
  pages.get("/:no{\\d{4}-\\d+}", needs("cases:read"), async (c) => c.html(await casePage(c, c.req.param("no"))));
  for (const [kind, take] of Object.entries(steps) as Array<[Exclude<StepKind, "attach">, (typeof steps)["take"]]>) {
    const may = kind === "approve" || kind === "reject" ? "cases:decide" : "cases:work";
    pages.post(`/:no{\\d{4}-\\d+}/${stepPaths[kind]}`, needs("cases:read", may), async (c) => {
      const no = c.req.param("no");
      const said = await c.req.parseBody({ all: true });
      try {
        return await done(c, `${path}/${no}`, await take(c, no, said));
      } catch (error) {
        const refusal = refusalOf(error, kind);
        if (refusal === null) throw error;
        return c.html(await casePage(c, no, { refusal, typed: { ...textsOf(said), step: kind } }), 409);
      }
    });
  }
  pages.post(
    `/:no{\\d{4}-\\d+}/${stepPaths.attach}`,
    needsWithFiles(ATTACHMENT_BYTES_MAX, "cases:read", "cases:work"),
    async (c) => {
      const no = c.req.param("no");
      const { file } = await c.req.parseBody();
      if (!(file instanceof File) || file.size === 0)
        return c.html(await casePage(c, no, { refusal: "Välj en fil att bifoga först.", typed: {} }), 422);
      const content = new Uint8Array(await file.arrayBuffer());
      try {
        await attachToCase(c.var.system, c.var.actor, { no, name: file.name, content });
      } catch (error) {
        const refusal = refusalOf(error, "attach");
        if (refusal === null) throw error;
        return c.html(await casePage(c, no, { refusal, typed: {} }), 422);
      }
      return done(c, `${path}/${no}#historik`, "Filen är bifogad.");
    },
  );
  pages.get("/:no{\\d{4}-\\d+}/bilagor/:id", needs("cases:read"), async (c) => {
    const { no, id } = c.req.param();
    const { name, type, content } = await readAttachment(c.var.system, c.var.actor, { no, id });
    return c.body(new Uint8Array(content), 200, {
      "content-type": type,
      // Never shown inside a page of ours, whatever it is.
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    });
  });
  pages.get("/:no{\\d{4}-\\d+}/post", needs("cases:read"), async (c) =>
    rawPage(c, c.req.param("no"), c.req.query(), ""),
  );
  pages.post("/:no{\\d{4}-\\d+}/post", needs("cases:read", "persons:reveal"), async (c) => {
    const said = Object.fromEntries(
      Object.entries(await c.req.parseBody()).map(([key, value]) => [key, typeof value === "string" ? value : ""]),
    );
    return rawPage(c, c.req.param("no"), said, said["reason"] ?? "");
  });
  pages.post("/:no{\\d{4}-\\d+}/brev", needs("cases:read", "cases:work"), async (c) => {
    const no = c.req.param("no");
    const said = await c.req.parseBody({ all: true });
    const { finding: findings, version: seen, ...choice } = letter.parse(said);
    const written = await previewLetter(c.var.system, c.var.actor, { no, findings, ...choice });
    const again = html`${hidden({ version: seen, question: choice.question, dueOn: formatDay(choice.dueOn) })}
    ${findings.map((id) => hidden({ finding: id }))}
    ${parts.filter((part) => choice.show[part]).map((part) => hidden({ show: part }))}`;
    const body = html`<p>Så här blir brevet. Ingenting är skickat eller sparat än.</p>
      <pre>${written}</pre>
      <div class="row">
        ${form(c, `${path}/${no}/${stepPaths["request-explanation"]}`, html`${again} ${button(stepNames["request-explanation"])}`)}
        <a class="ds-button" data-variant="secondary" href="${path}/${no}">Tillbaka till ärendet</a>
      </div>`;
    return c.html(layout(c, { title: `Brev i ärende ${no}`, path, body }));
  });
  return pages;
}

const rawAsked = z.object({
  slag: z.enum(entityNames),
  kalla: z.string(),
  id: z.string(),
  sida: z.coerce.number().int(),
  rad: z.coerce.number().int(),
});

/** A record as its source sent it. What could name somebody is shown for a reason only. */
async function rawPage(c: Context<Env>, no: string, asked: Record<string, string>, reason: string): Promise<Response> {
  const wanted = rawAsked.safeParse(asked);
  if (!wanted.success) return c.notFound();
  const { slag: entity, kalla: source, id, sida, rad } = wanted.data;
  const raw = await showRawRecord(c.var.system, c.var.actor, {
    no,
    record: { entity, source, id },
    page: sida,
    index: rad,
    ...(reason.trim() === "" ? {} : { reason }),
  });
  const masked = raw.fields.some(({ value }) => value === null);
  const body = html`<p class="quiet screen"><a class="ds-link" href="${path}/${no}">Tillbaka till ärendet</a></p>
    <p>${raw.source}, ${raw.resource}. ${raw.place} Kom in ${formatLocal(raw.receivedAt)}.</p>
    ${dataTable(
      "Posten som källan skickade den",
      [{ title: "Fält" }, { title: "Värde", kind: "long" }],
      raw.fields.map(({ field, value }) => [field, value ?? html`<small>dolt</small>`]),
      "Posten är tom.",
    )}
    ${
      masked && c.var.actor.permissions.has("persons:reveal")
        ? form(
            c,
            `${path}/${no}/post`,
            html`${hidden(wanted.data)}
              <div class="column">
                ${textArea({ name: "reason", id: "skal", label: "Varför du behöver se det dolda. Det sparas i loggen.", required: true, rows: 2, maxLength: 200 })}
                ${button("Visa allt i posten", "secondary")}
              </div>`,
          )
        : ""
    }`;
  return c.html(await layout(c, { title: `Post i ärende ${no}`, path, body }));
}

interface Refused {
  refusal: string;
  typed: Typed;
}

const refusals: Readonly<Record<string, string>> = {
  "case.changed":
    "Ärendet har ändrats sedan du läste det, så ingenting är sparat. Det du skrev finns kvar. Läs i historiken vad som har hänt och gör sedan om steget.",
  "case.identity-in-text": "Frågan innehåller ett personnummer. Ta bort det: brevet får inte peka ut någon.",
  "case.text-too-long": "Texten är för lång. Korta den, eller bifoga den som fil.",
  "case.unknown-colleague": "Ärendet går att ge till handläggare som har loggat in minst en gång.",
  "attachment.refused": `Filen är inte bifogad. Det som går att bifoga är ${new Intl.ListFormat("sv-SE").format(Object.values(attachmentTypes))}.`,
  "attachment.too-large": "Filen är inte bifogad. Den är större än 10 MB.",
};

/** Why a step was not taken, to be said on the case's page with what was typed; null for what is no such thing. */
function refusalOf(error: unknown, kind: StepKind): string | null {
  if (error instanceof StepRefused) return `${stepNames[kind]}: ${refusalTexts[error.refusal]}`;
  if (!(error instanceof AppError)) return null;
  const { code, facts } = error;
  if (code === "case.other-open") return `Ett annat ärende om samma är öppet: ${String(facts["other"])}. Fortsätt där.`;
  return refusals[code] ?? null;
}

const textsOf = (said: Record<string, unknown>): Typed =>
  Object.fromEntries(
    Object.entries(said).filter(
      (entry): entry is [string, string | string[]] =>
        typeof entry[1] === "string" || (Array.isArray(entry[1]) && entry[1].every((one) => typeof one === "string")),
    ),
  );

async function casePage(c: Context<Env>, no: string, refused?: Refused): Promise<Html> {
  const { system, actor } = c.var;
  const asked = query.parse(c.req.query());
  const [shown, colleagues] = await Promise.all([
    showCase(system, actor, no, { page: asked.sida, finding: asked.fynd }),
    actor.permissions.has("cases:work") ? listColleagues(system, actor) : [],
  ]);
  const names = await namesFor(c.var, peopleIn(shown));
  const chosen = shown.list.find(({ id }) => id === asked.fynd) ?? standingFirst(shown.list)[0];
  const pictures = chosen === undefined ? html`` : await picturesOf(c, shown, chosen);
  const body = html`${
    refused === undefined
      ? ""
      : html`<div class="ds-alert" data-color="warning" role="alert"><p>${refused.refusal}</p></div>`
  }
  ${caseBody(shown, {
    names,
    chosen: chosen?.id,
    pictures,
    recordPage: asked.poster,
    reveal: html`${revealForm(c, names.people, `${path}/${no}`)} ${caseExport(c, no)}`,
    forms: {
      form: (action, inside, options) => form(c, action, inside, options),
      today: dayOf(system.now()),
      colleagues,
      typed: refused?.typed ?? {},
    },
  })}`;
  return layout(c, { title: `Ärende ${no}`, path, body });
}

/** Everybody whom the page of a case shows. */
function peopleIn({ list: findings, records, subject }: ShownCase): Record<"client" | "staff", Array<string | null>> {
  const seen = records.flatMap(({ versions }) => versions.flatMap(({ fields }) => fields.map(({ value }) => value)));
  const of = (who: "client" | "staff"): Array<string | null> => [
    ...(subject.kind === who ? [subject.id] : []),
    ...findings.map((finding) => finding[who]),
    ...seen.flatMap((value) => (value.kind === "person" && value.who === who ? [value.id] : [])),
  ];
  return { client: of("client"), staff: of("staff") };
}

/** What is easier to see than to read of a finding: somebody's day, a client's month, a provider among its peers. */
async function picturesOf(c: Context<Env>, { list: all }: ShownCase, finding: CaseFinding): Promise<Html> {
  const { system, actor } = c.var;
  const { staff, client, provider, fromDay, throughDay, records, rule, level } = finding;
  const month = monthOf(fromDay);
  const drawn: Array<Promise<[Picture | null, boolean]>> = [];
  if (staff !== null && throughDay - fromDay < 2) {
    const day = drawStaffDay(system, actor, { id: "dag", staff, day: fromDay, claimed: records });
    drawn.push(day.then((picture) => [picture, true]));
  }
  if (client !== null) {
    const claimed = all
      .filter((one) => one.client === client && one.throughDay - one.fromDay < 7)
      .flatMap((one) => [one.fromDay, one.throughDay]);
    const picture = drawClientMonth(system, actor, {
      id: "manad",
      client,
      month,
      claimed,
    });
    drawn.push(picture.then((one) => [one, false]));
  }
  // A single visit says nothing about its provider, and to compare providers takes longer than all else on the page.
  if (provider !== null && level === "pattern") {
    const picture = drawPeers(system, actor, { provider, month, rule: client === null ? null : rule });
    drawn.push(picture.then((one) => [one, true]));
  }
  const pictures = (await Promise.all(drawn)).filter((one): one is [Picture, boolean] => one[0] !== null);
  return pictures.length === 0
    ? html``
    : html`<h3>Bilder</h3>
        ${pictures.map(([picture, wide]) => figure(picture, { wide }))}`;
}
