import { timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "#errors";
import { type Permission, permit } from "#operations";
import type { Env } from "./served.ts";
import { errorPage } from "./views/error.ts";

const FORM_BYTES_MAX = 1_000_000;

class FormRefused extends AppError {
  readonly code = "form.refused";
  readonly kind = "forbidden";
}

class FormTooLarge extends AppError {
  readonly code = "form.too-large";
  readonly kind = "too-large";
}

/** A guard of a route; what it needs can be read off it. */
export type Guard = MiddlewareHandler<Env> & { needs: readonly Permission[] };

/**
 * Lets in who is signed in and has every permission; without one, everybody who is signed in. What changes something
 * must come from a form of ours. Stands before the handler of every page: a test finds a route without it.
 */
export function needs(...wanted: readonly Permission[]): Guard {
  return guard(wanted, FORM_BYTES_MAX);
}

/** As `needs`, for forms with files of up to `bytesMax` together. */
export function needsWithFiles(bytesMax: number, ...wanted: readonly Permission[]): Guard {
  return guard(wanted, bytesMax + FORM_BYTES_MAX);
}

function guard(wanted: readonly Permission[], bytesMax: number): Guard {
  const handler: MiddlewareHandler<Env> = async (c, next) => {
    const visitor = await c.var.visitor();
    if (visitor === null) {
      const { pathname, search } = new URL(c.req.method === "GET" ? c.req.url : new URL("/", c.req.url));
      return c.redirect(`/logga-in?till=${encodeURIComponent(`${pathname}${search}`)}`, 303);
    }
    const { actor, session, flash } = visitor;
    if (session.locked) return c.html(tooMany(c), 429);
    for (const permission of wanted) permit(actor, permission);
    if (c.req.method !== "GET") await checkForm(c, session.csrf, bytesMax);
    else if (flash !== null) await session.note(null);
    c.set("actor", actor);
    c.set("session", session);
    c.set("flash", flash?.text ?? null);
    c.set("revealed", flash?.person ?? null);
    const { system } = c.var;
    c.set("system", { ...system, database: system.database.restrict(actor) });
    await next();
    // What is not theirs answers as what is not there; whoever tries many has to wait.
    if (c.res.status === 404) await session.miss();
    return undefined;
  };
  return Object.assign(handler, { needs: wanted });
}

const tooMany = (c: Context<Env>) =>
  errorPage(
    c,
    "För många försök",
    "Du har öppnat många sidor som inte finns. Vänta en kvart och försök igen, eller hör av dig till administratören.",
  );

/** Lets everybody in, and knows who is signed in. Only for pages that show nobody's data. */
export const guest: MiddlewareHandler<Env> = async (c, next) => {
  const visitor = await c.var.visitor();
  if (visitor !== null) {
    c.set("actor", visitor.actor);
    c.set("session", visitor.session);
  }
  await next();
};

/** Whether the browser says that a form was sent from one of our own pages. */
export function isOwnForm(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin";
  const origin = c.req.header("origin");
  return origin === undefined || hostOf(origin) === c.req.header("host");
}

/** Throws where a form was not sent by one of our own pages to whoever is signed in. */
async function checkForm(c: Context<Env>, csrf: string, bytesMax: number): Promise<void> {
  if (!isOwnForm(c)) throw new FormRefused("The form was sent from another site.");
  const bytes = Number(c.req.header("content-length") ?? Number.NaN);
  // A body of unknown length would have to be read to be refused.
  if (!(bytes <= bytesMax))
    throw new FormTooLarge(`The form is larger than ${bytesMax} bytes, or does not say how large it is.`);
  const { _csrf: given } = await c.req.parseBody();
  const [expected, sent] = [Buffer.from(csrf), Buffer.from(typeof given === "string" ? given : "")];
  if (expected.length !== sent.length || !timingSafeEqual(expected, sent)) {
    throw new FormRefused("The form is not one of this session.");
  }
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}
