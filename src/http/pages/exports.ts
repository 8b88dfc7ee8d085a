import { type Context, Hono } from "hono";
import { z } from "zod";
import {
  caseExportKinds,
  exportAccess,
  exportCase,
  type ExportedFile,
  exportFindings,
  exportQueue,
  exportSettlement,
  exportStatement,
  listFormats,
  statementFormats,
} from "#operations";
import { needs } from "../authorise.ts";
import type { Env } from "../served.ts";
import { readQueueFilter } from "../views/case/queue.ts";

const reason = z.string().max(2000);
const list = z.object({ format: z.enum(listFormats), skal: reason });
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);
const said = z
  .string()
  .max(300)
  .transform((text) => (text === "" ? undefined : text))
  .optional();
const kase = z.object({ slag: z.enum(caseExportKinds), skal: reason });
const queue = list.extend({ filter: z.string().max(2000).default("") });
const findings = list.extend({ regel: said });
const settlement = list.extend({ manad: month });
const statement = z.object({
  manad: month,
  utforare: z.string().min(1).max(200),
  rad: said,
  format: z.enum(statementFormats),
  skal: reason,
});
const log = list.extend({ manad: month.or(z.literal("")).optional(), vem: said, om: said });

const given = <Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> =>
  (value === undefined || value === "" ? {} : { [name]: value }) as Partial<Record<Name, string>>;

/** What leaves the system as a file: cases, and lists as they are selected on their pages. Each for a reason. */
export function exportPages() {
  return new Hono<Env>()
    .post("/arenden/export", needs("exports:make", "cases:read"), async (c) => {
      const { filter, format, skal } = queue.parse(await c.req.parseBody());
      const { filter: chosen } = readQueueFilter(Object.fromEntries(new URLSearchParams(filter)));
      return handOut(c, await exportQueue(c.var.system, c.var.actor, { filter: chosen, format, reason: skal }));
    })
    .post("/arenden/:no{\\d{4}-\\d+}/export", needs("exports:make", "cases:read"), async (c) => {
      const { slag, skal } = kase.parse(await c.req.parseBody());
      const no = c.req.param("no");
      return handOut(c, await exportCase(c.var.system, c.var.actor, { no, kind: slag, reason: skal }));
    })
    .post("/fynd/export", needs("exports:make", "findings:read"), async (c) => {
      const { regel, format, skal } = findings.parse(await c.req.parseBody());
      return handOut(
        c,
        await exportFindings(c.var.system, c.var.actor, { ...given("ruleId", regel), format, reason: skal }),
      );
    })
    .post("/avrakning/export", needs("exports:make", "settlement:read", "findings:read"), async (c) => {
      const { manad, format, skal } = settlement.parse(await c.req.parseBody());
      return handOut(c, await exportSettlement(c.var.system, c.var.actor, { month: manad, format, reason: skal }));
    })
    .post("/avrakning/underlag/export", needs("exports:make", "settlement:read", "findings:read"), async (c) => {
      const { manad, utforare, rad, format, skal } = statement.parse(await c.req.parseBody());
      const asked = { month: manad, provider: utforare, ...given("line", rad), format, reason: skal };
      return handOut(c, await exportStatement(c.var.system, c.var.actor, asked));
    })
    .post("/logg/export", needs("log:read"), async (c) => {
      const { manad, vem, om, format, skal } = log.parse(await c.req.parseBody());
      const selection = { ...given("month", manad), ...given("actor", vem), ...given("subject", om) };
      return handOut(c, await exportAccess(c.var.system, c.var.actor, { ...selection, format, reason: skal }));
    });
}

/** The answer that a browser saves as a file. What fails before its first piece is a page that says so. */
export async function handOut(c: Context<Env>, { name, type, body }: ExportedFile): Promise<Response> {
  const pieces = body[Symbol.asyncIterator]();
  const first = await pieces.next();
  const { log } = c.var.system;
  async function* all(): AsyncGenerator<Uint8Array> {
    let whole = false;
    try {
      for (let next = first; next.done !== true; next = await pieces.next()) yield next.value;
      whole = true;
    } catch (error) {
      log.error({ error }, "an export was cut off");
    } finally {
      await pieces.return?.();
    }
    // The server writes the text of what is thrown here to its output, and to the reader.
    if (!whole) throw new Error("The export was cut off.");
  }
  return c.body(ReadableStream.from(all()), 200, {
    "content-type": type,
    "content-disposition": `attachment; filename="${name}"`,
  });
}
