import { type Context, Hono } from "hono";
import { setCookie } from "hono/cookie";
import { html } from "hono/html";
import { z } from "zod";
import { guest } from "../authorise.ts";
import type { Env } from "../served.ts";
import { appearanceCookie, appearances, languageCookie, languages, layout } from "../views/layout.ts";

// A path of ours, never an address elsewhere.
const till = z
  .string()
  .max(2000)
  .regex(/^\/(?![/\\])/);
const choices = {
  [appearanceCookie]: z.object({ val: z.enum(Object.keys(appearances) as [keyof typeof appearances]), till }),
  [languageCookie]: z.object({ val: z.enum(languages), till }),
};
const YEAR_SECONDS = 365 * 24 * 3600;

export const shortcuts: ReadonlyArray<readonly [key: string, text: string]> = [
  ["j", "Nästa rad i en lista"],
  ["k", "Föregående rad"],
  ["Enter", "Öppna raden"],
  ["n", "Ta nästa ärende"],
  ["/", "Till sökrutan"],
  ["?", "Den här sidan"],
];

/** Keeps in the browser how somebody wants the pages, and leads back to where they were. */
const keep = (cookie: keyof typeof choices) => (c: Context<Env>) => {
  const asked = choices[cookie].safeParse(c.req.query());
  if (!asked.success) return c.redirect("/", 303);
  setCookie(c, cookie, asked.data.val, { path: "/", httpOnly: true, sameSite: "Lax", maxAge: YEAR_SECONDS });
  return c.redirect(asked.data.till, 303);
};

/** `/tillganglighet`, `/utseende` and `/sprak`: for everybody, also before sign-in. */
export function aboutPages() {
  return new Hono<Env>()
    .get("/utseende", guest, keep(appearanceCookie))
    .get("/sprak", guest, keep(languageCookie))
    .get("/tillganglighet", guest, (c) => {
      const body = html`<p>
          Alla ska kunna använda Klarsyn. Sidorna är gjorda för att följa WCAG 2.2 på nivå AA, som går längre än vad
          lagen om tillgänglighet till digital offentlig service (2018:1937) kräver.
        </p>
        <h2>Så fungerar sidorna</h2>
        <ul>
          <li>Allt går att göra med enbart tangentbord, och det syns var du är.</li>
          <li>Allt går att göra utan JavaScript.</li>
          <li>Texten går att förstora till 200 procent, och sidorna fungerar på en smal skärm.</li>
          <li>Ljust eller mörkt utseende följer din enhet. Du kan välja själv längst ned på sidan.</li>
          <li>Ingenting sägs enbart med färg. Varje bild har en text och en tabell med samma uppgifter.</li>
          <li>Ingenting rör sig om du har bett din enhet om mindre rörelse.</li>
        </ul>
        <h2>Kända brister</h2>
        <ul>
          <li>
            Underlaget till avräkningen som PDF saknar märkning för skärmläsare. Samma uppgifter finns på sidan, som CSV
            och som Excel.
          </li>
          <li>Breda tabeller och tidslinjer rullas i sidled på en smal skärm.</li>
        </ul>
        <h2 id="tangenter">Snabbtangenter</h2>
        <div class="scroll" tabindex="0" role="region" aria-label="Snabbtangenter">
          <table class="ds-table">
            <caption>
              Fungerar när du inte skriver i en ruta. Ingen av dem behövs.
            </caption>
            <thead>
              <tr>
                <th scope="col">Tangent</th>
                <th scope="col">Gör</th>
              </tr>
            </thead>
            <tbody>
              ${shortcuts.map(
                ([key, text]) =>
                  html`<tr>
                    <td><kbd>${key}</kbd></td>
                    <td>${text}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>
        <div class="ds-field" data-shortcuts hidden>
          <input class="ds-input" type="checkbox" id="snabb" />
          <label class="ds-label" for="snabb">Använd snabbtangenter i den här webbläsaren</label>
        </div>
        <h2>Säg till om något inte fungerar</h2>
        <p>
          Vänd dig till den som ansvarar för Klarsyn i din kommun. Får du inget svar eller är du inte nöjd med det kan
          du anmäla bristen till Myndigheten för digital förvaltning (Digg), som har tillsyn över lagen.
        </p>
        <h2>Hur vi har prövat</h2>
        <p>
          Varje sida prövas automatiskt med axe i ljust och mörkt utseende, på 360 och 1 280 punkters bredd, och med
          enbart tangentbord, vid varje ändring av Klarsyn.
        </p>`;
      return c.html(layout(c, { title: "Tillgänglighet", path: "/tillganglighet", body }));
    });
}
