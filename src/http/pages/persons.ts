import { Hono } from "hono";
import { z } from "zod";
import { revealPerson } from "#operations";
import { needs } from "../authorise.ts";
import { localPath } from "../local-path.ts";
import type { Env } from "../served.ts";

const reveal = z.object({
  vem: z
    .string()
    .regex(/^(client|staff)\/./s)
    .max(300),
  skal: z.string(),
  till: z.string(),
});

/** `/personer/visa`: somebody by name, on the page that the reason was given on. */
export function personPages() {
  return new Hono<Env>().post("/visa", needs("persons:reveal"), async (c) => {
    const given = reveal.safeParse(await c.req.parseBody());
    if (!given.success) return c.notFound();
    const { vem, skal, till } = given.data;
    const slash = vem.indexOf("/");
    const [kind, id] = [vem.slice(0, slash) as "client" | "staff", vem.slice(slash + 1)];
    const person = await revealPerson(c.var.system, c.var.actor, { kind, id, why: skal });
    await c.var.session.note({ text: "Namnet visas den här gången. Skälet finns i loggen.", person });
    return c.redirect(localPath(till), 303);
  });
}
