import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { ZodError } from "zod";
import { AppError } from "#errors";
import { readerOf } from "#operations";
import type { System } from "#system";
import { assets } from "./assets.ts";
import { intakeApi } from "./api/intake.ts";
import { providerApi } from "./api/index.ts";
import { openapi, openapiAt } from "./api/openapi.ts";
import { metrics } from "./metrics.ts";
import { aboutPages } from "./pages/about.ts";
import { apiDocsPages } from "./pages/api-docs.ts";
import { casePages } from "./pages/case.ts";
import { contractPages } from "./pages/contracts.ts";
import { endpointPages } from "./pages/endpoints.ts";
import { exportPages } from "./pages/exports.ts";
import { findingsPage } from "./pages/findings.ts";
import { identityPages } from "./pages/identities.ts";
import { learningPages } from "./pages/learning.ts";
import { logPages } from "./pages/log.ts";
import { chasePages } from "./pages/orders-to-chase.ts";
import { overviewPage } from "./pages/overview.ts";
import { ownCasePages } from "./pages/own-cases.ts";
import { ownMonthPages } from "./pages/own-month.ts";
import { ownOrderPages } from "./pages/own-orders.ts";
import { personPages } from "./pages/persons.ts";
import { programPages } from "./pages/programs.ts";
import { quarantinePage } from "./pages/quarantine.ts";
import { queuePages } from "./pages/queue.ts";
import { reviewPages } from "./pages/review.ts";
import { rulePages } from "./pages/rules.ts";
import { settlementPage } from "./pages/settlement.ts";
import { sourcesPage } from "./pages/sources.ts";
import { statementPage } from "./pages/statement.ts";
import { userPages } from "./pages/users.ts";
import { problem, statusOf } from "./problem.ts";
import { isLocal } from "./sign-in.ts";
import type { Authenticate, Env, Served, Visitor } from "./served.ts";
import { errorPage } from "./views/error.ts";
import { refusedForm } from "./views/refused.ts";

class RequestInvalid extends AppError {
  readonly code = "request.invalid";
  readonly kind = "invalid";

  constructor() {
    super("The request says something that it may not.");
  }
}

const broken = {
  title: "Sidan kunde inte visas",
  text: "Försök igen om en stund. Om felet kvarstår: kör npx klarsyn doctor på servern.",
};

/** What a person is told where something went wrong. */
const texts: Readonly<Record<ReturnType<typeof statusOf>, { title: string; text: string }>> = {
  400: {
    title: "Uppgifterna gick inte att förstå",
    text: "Gå tillbaka, kontrollera det som du fyllde i och försök igen.",
  },
  401: { title: "Du är inte inloggad", text: "Logga in och försök igen." },
  403: {
    title: "Du har inte behörighet",
    text: "Din roll får inte göra detta, eller så är sidan som du skickade från för gammal. Ladda om sidan och försök igen, eller be administratören om behörighet.",
  },
  404: { title: "Sidan finns inte", text: "Kontrollera adressen eller gå till startsidan." },
  409: {
    title: "Det har ändrats under tiden",
    text: "Någon annan hann före. Gå tillbaka, ladda om sidan och försök igen.",
  },
  413: { title: "För stort", text: "Det som du skickade är för stort. Dela upp det eller välj en mindre fil." },
  422: { title: "Uppgifterna godtogs inte", text: "Gå tillbaka, kontrollera det som du fyllde i och försök igen." },
  429: { title: "För många försök", text: "Vänta en stund och försök igen." },
  500: broken,
  503: broken,
};

/** Why a form was not taken, by the error's code, where it can be said more exactly. */
const refusals: Readonly<Record<string, string>> = {
  "endpoint.refused":
    "Adressen ska börja med https:// och leda till en öppen adress, eller till ett nät som står i webhooks.allow. Enheterna ska vara sådana som du ser.",
  "api-client.invalid":
    "Ange ett namn och minst en sak som programmet får göra. Öppna nycklar hör till eget nyckelpar och ska vara ett JSON Web Key Set utan hemliga delar.",
  "person.reason": "Skriv ett skäl på 5 till 200 tecken. Det sparas i loggen.",
};

/**
 * Everything that is served: pages for people, `/api/v1` for programs, and what a machine watches. `signIn` are the
 * pages by which somebody becomes known to `authenticate`.
 */
export function createApp(
  system: System,
  { authenticate, signIn, uploadBytesMax }: { authenticate: Authenticate; signIn?: Hono<Env>; uploadBytesMax?: number },
) {
  const served: Served = { ...system, municipality: system.config.municipality.name };
  const { signIn: configured } = system.config;
  const ownName = configured === undefined ? null : new URL(configured.url).hostname;
  const app = new Hono<Env>();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      // With "no-referrer" a browser would not say where a form comes from.
      referrerPolicy: "same-origin",
      xFrameOptions: "DENY",
    }),
  );
  app.use(async (c, next) => {
    // A name elsewhere that was made to lead to this machine would let other sites read the pages through a browser.
    const { hostname } = new URL(c.req.url);
    if (isLocal(system.config.host) && !isLocal(hostname) && hostname !== ownName) {
      return c.text("Klarsyn answers only under the name of this machine: http://127.0.0.1\n", 421);
    }
    let visitor: Promise<Visitor | null> | undefined;
    c.set("visitor", () => (visitor ??= authenticate(c)));
    c.set("system", served);
    await next();
    // Pages show people's data: no cache on the way keeps them.
    if (!c.req.path.startsWith("/assets/")) c.header("cache-control", "no-store");
    return undefined;
  });

  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/readyz", async (c) => {
    try {
      await system.database.pool.query("SELECT 1");
      return c.text("ready\n");
    } catch {
      return c.text("the database does not answer\n", 503);
    }
  });
  app.get("/metrics", async (c) =>
    c.text(await metrics(served, readerOf(system.tenantId)), 200, { "content-type": "text/plain; version=0.0.4" }),
  );
  const { api, signIn: atPages } = system.config;
  // Made when somebody first asks.
  let made: ReturnType<typeof openapi> | undefined;
  const described = () => (made ??= openapi());
  app.get("/openapi.json", (c) => c.json(openapiAt(described(), api.url ?? atPages?.url ?? new URL(c.req.url).origin)));
  app.get("/assets/:name", (c) => {
    const asset = assets.get(c.req.param("name"));
    if (asset === undefined) return c.notFound();
    return c.body(asset.body, 200, { "content-type": asset.type, "cache-control": "max-age=31536000, immutable" });
  });
  app.route("/api/docs", apiDocsPages(described));
  app.route("/api/v1/intake", intakeApi(system, uploadBytesMax));
  app.route("/api/v1", providerApi(system, served));
  if (signIn !== undefined) app.route("/", signIn);
  app.route("/", aboutPages());
  app.route("/", exportPages());
  app.route("/arenden", queuePages());
  app.route("/arenden", casePages());
  app.route("/fynd", findingsPage());
  app.route("/avrakning/underlag", statementPage());
  app.route("/avrakning", settlementPage());
  app.route("/regler", rulePages());
  app.route("/avtal", contractPages());
  app.route("/larande", learningPages());
  app.route("/granskning", reviewPages());
  app.route("/personer", personPages());
  app.route("/logg", logPages());
  app.route("/anvandare", userPages());
  app.route("/identiteter", identityPages());
  app.route("/kallor", sourcesPage());
  app.route("/karantan", quarantinePage());
  app.route("/bestallningar", ownOrderPages());
  app.route("/fragor", ownCasePages());
  app.route("/manad", ownMonthPages());
  app.route("/obekraftade", chasePages());
  app.route("/mottagare", endpointPages());
  app.route("/program", programPages());
  app.route("/", overviewPage());

  app.notFound((c) => {
    if (c.req.path.startsWith("/api/")) {
      return c.json({ type: "/problems/not-found", title: "There is nothing here.", status: 404 }, 404, {
        "content-type": "application/problem+json; charset=utf-8",
      });
    }
    return c.html(errorPage(c, texts[404].title, texts[404].text), 404);
  });
  app.onError(async (thrown, c) => {
    // What a form or an address may not say; the text of the error quotes it.
    const error = thrown instanceof ZodError ? new RequestInvalid() : system.database.explain(thrown);
    if (!(error instanceof AppError)) system.log.error({ error, path: c.req.routePath }, "request failed");
    if (c.req.path.startsWith("/api/")) return problem(c, error);
    const status = error instanceof AppError ? statusOf(error.kind) : 500;
    const { title, text } = texts[status];
    // Only where the form is known to be of this session is what was typed shown again.
    if (c.req.method === "POST" && (status === 400 || status === 422) && c.get("session") !== undefined) {
      const why = error instanceof AppError ? (refusals[error.code] ?? text) : text;
      return c.html(await refusedForm(c, { title, text: why }, await c.req.parseBody({ all: true })), status);
    }
    return c.html(errorPage(c, title, text), status);
  });
  return app;
}
