import { createRequire } from "node:module";
import PdfDocument from "pdfkit";
import { stateTitles, type Statement, type StatementLine } from "./statement.ts";
import { bandText, kronor, minutesText, stepText } from "./words.ts";

// A font of our own: the standard fonts of PDF lack letters such as "→" and "−", and an archive wants them embedded.
const resolve = createRequire(import.meta.url).resolve;
const fonts = {
  plain: resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"),
  bold: resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf"),
};

const MARGIN = 42;
const small = 7.5;
const grey = "#555555";

interface Column {
  title: string;
  width: number;
  align?: "right";
}

/** The statement on A4, as it is sent to a provider and filed. */
export async function statementPdf(statement: Statement): Promise<Buffer> {
  const { provider, month, municipality } = statement;
  const title = `Avräkning ${month}, ${provider.name}`;
  const document = new PdfDocument({
    size: "A4",
    margins: { top: MARGIN, bottom: MARGIN + 14, left: MARGIN, right: MARGIN },
    bufferPages: true,
    lang: "sv-SE",
    displayTitle: true,
    pdfVersion: "1.7",
    info: {
      Title: title,
      Author: municipality,
      CreationDate: new Date(statement.asOf),
      ModDate: new Date(statement.asOf),
    },
  });
  const chunks: Buffer[] = [];
  const done = new Promise<Buffer>((finished, failed) => {
    document.on("data", (chunk: Buffer) => chunks.push(chunk));
    document.on("end", () => finished(Buffer.concat(chunks)));
    document.on("error", failed);
  });
  document.registerFont("plain", fonts.plain);
  document.registerFont("bold", fonts.bold);
  new Writer(document, statement).write();
  footers(document, `${municipality} · ${title} · ${stateTitles[statement.state]}`);
  document.end();
  return done;
}

type Document = InstanceType<typeof PdfDocument>;

class Writer {
  readonly #document: Document;
  readonly #statement: Statement;

  constructor(document: Document, statement: Statement) {
    this.#document = document;
    this.#statement = statement;
  }

  write(): void {
    this.#head();
    this.#summary();
    for (const line of this.#statement.lines) this.#line(line);
    this.#adjustments();
    this.#explanations();
  }

  get #width(): number {
    return this.#document.page.width - 2 * MARGIN;
  }

  #head(): void {
    const { municipality, provider, month, state, asOf } = this.#statement;
    const document = this.#document;
    document.font("plain").fontSize(9).fillColor(grey).text(municipality);
    document.font("bold").fontSize(17).fillColor("black").text(`Avräkning av hemtjänst, ${month}`);
    document.moveDown(0.3).font("plain").fontSize(9.5);
    const number = provider.organisationNumber === null ? "" : `, organisationsnummer ${provider.organisationNumber}`;
    document.text(`Utförare: ${provider.name} (${provider.id})${number}`);
    const when = new Date(asOf).toLocaleString("sv-SE", { timeZone: "Europe/Stockholm" });
    document.text(`Läge: ${stateTitles[state]}, räknad på det som var känt ${when.slice(0, 16)}`);
    document.moveDown(0.8);
  }

  #summary(): void {
    const { totals } = this.#statement;
    const document = this.#document;
    const rows: Array<[string, string, string]> = [
      ["Utfört", `${minutesText(totals.registeredMinutes)} min`, ""],
      ["Ersättningsgrundande", `${minutesText(totals.payableMinutes)} min`, `${kronor(totals.payableOre)} kr`],
      ["Fakturerat", `${minutesText(totals.claimedMinutes)} min`, `${kronor(totals.claimedOre)} kr`],
      ["Fakturerat utöver ersättningen", "", `${kronor(totals.overbilledOre)} kr`],
      ["Inte fakturerat", "", `${kronor(totals.unbilledOre)} kr`],
      ["Hålls inne i väntan på förklaring eller rättelse", "", `${kronor(totals.heldOre)} kr`],
      ["Justeringar av tidigare månader", "", `${kronor(totals.adjustmentsOre)} kr`],
    ];
    // An empty text does not move on.
    const { y: top } = document;
    for (const [position, [what, minutes, amount]] of rows.entries()) {
      const y = top + position * 13;
      document.font("plain").fontSize(9.5).text(what, MARGIN, y, { width: 260 });
      document.text(minutes, MARGIN + 260, y, { width: 110, align: "right" });
      document.text(amount, MARGIN + 370, y, { width: this.#width - 370, align: "right" });
    }
    document.x = MARGIN;
    document.y = top + rows.length * 13 + 8;
  }

  #line(line: StatementLine): void {
    const document = this.#document;
    this.#room(90);
    document
      .font("bold")
      .fontSize(10.5)
      .fillColor("black")
      .text(`${line.service}, brukare ${line.client}`, MARGIN, document.y, { width: this.#width });
    const about = [
      line.unit,
      line.line === null ? "ingen beställning omfattar tiden" : `beställning ${line.order ?? "–"}, rad ${line.line}`,
      line.ordered,
      line.contract === null ? "inget avtal" : `avtal ${line.contract}`,
    ];
    document.font("plain").fontSize(small).fillColor(grey);
    document.text(about.filter((text) => text !== null).join(" · "), { width: this.#width });
    const { granted, planned, registered, declined, noAnswer, absent, missed, payable, claimed } = line.minutes;
    document.text(
      `Beviljat ${granted} · planerat ${planned} · utfört ${registered} · avböjt ${declined} · bom ${noAnswer} · frånvaro ${absent} · uteblivet ${missed} · ersättning ${payable} · fakturerat ${claimed} minuter`,
      { width: this.#width },
    );
    document
      .fillColor("black")
      .text(`Månaden: ${line.steps.map(stepText).join(" → ")} → ${payable} min`, { width: this.#width });
    document.moveDown(0.3);
    this.#table(
      [
        { title: "Dag", width: 54 },
        { title: "Tid", width: 58 },
        { title: "Personal", width: 46 },
        { title: "Från utförd tid till ersättning", width: 153 },
        { title: "Min", width: 30, align: "right" },
        { title: "Prisband, pris och belopp", width: this.#width - 341 },
      ],
      line.visits.map(({ title, day, time, staff, steps, payableMinutes, bands }) => [
        day,
        time ?? "",
        staff ?? "",
        `${title === "Besök" ? "" : `${title}. `}${steps.map(stepText).join(" → ")}`,
        minutesText(payableMinutes),
        bands.map(bandText).join("\n"),
      ]),
    );
    if (line.days.length > 0) {
      const days = line.days.map((day) => `${day.day.slice(8)}: ${bandText(day)}`).join(" · ");
      document.font("plain").fontSize(small).fillColor(grey);
      document.text(`Per dag, där ören avrundas: ${days}`, MARGIN, document.y, { width: this.#width });
      document.fillColor("black").text(`Summa ${minutesText(payable)} min, ${kronor(line.ore.payable)} kr`, {
        width: this.#width,
        align: "right",
      });
    }
    if (line.claims.length > 0) {
      document.moveDown(0.3).font("bold").fontSize(small).text("Fakturerat som skiljer sig", MARGIN, document.y);
      this.#table(
        [
          { title: "Dagar", width: 110 },
          { title: "Vad", width: 130 },
          { title: "Fakturerat", width: 90, align: "right" },
          { title: "Ersättning", width: 90, align: "right" },
          { title: "Vad som händer", width: this.#width - 420 },
        ],
        line.claims.map((claim) => [
          claim.days.length > 2
            ? `${claim.days[0]} – ${claim.days.at(-1)} (${claim.days.length} dagar)`
            : claim.days.join(", "),
          `${claim.code} ${claim.title}`,
          `${minutesText(claim.claimedMinutes)} min\n${kronor(claim.claimedOre)} kr`,
          `${minutesText(claim.payableMinutes)} min\n${claim.payableOre === null ? "inget pris" : `${kronor(claim.payableOre)} kr`}`,
          [claim.holdUntil === null ? null : `Hålls inne till ${claim.holdUntil}.`, claim.proposal]
            .filter((text) => text !== null)
            .join(" "),
        ]),
      );
    }
    document.moveDown(0.9);
  }

  #adjustments(): void {
    const { adjustments } = this.#statement;
    if (adjustments.length === 0) return;
    this.#room(60);
    this.#document.font("bold").fontSize(10.5).text("Justeringar av tidigare månader", MARGIN, this.#document.y);
    this.#table(
      [
        { title: "Månad", width: 60 },
        { title: "Brukare", width: 90 },
        { title: "Insats", width: 130 },
        { title: "Rad", width: 90 },
        { title: "Minuter", width: 60, align: "right" },
        { title: "Kronor", width: this.#width - 430, align: "right" },
      ],
      adjustments.map(({ month, client, service, line, minutes, ore }) => [
        month,
        client,
        service,
        line ?? "",
        minutesText(minutes),
        kronor(ore),
      ]),
    );
    this.#document.moveDown(0.8);
  }

  #explanations(): void {
    this.#room(60);
    const document = this.#document;
    document.font("bold").fontSize(9).text("Så läser du avräkningen", MARGIN, document.y);
    document.font("plain").fontSize(small).fillColor(grey);
    document.text(
      "Varje besök börjar med den utförda tiden. Varje steg lägger till eller drar ifrån minuter och nämner den punkt i avtalet som det vilar på. Det som återstår delas per minut på prisbanden. Ören avrundas en gång per dag, insats och prisband. En avvikelse är ingen anklagelse: rätta i källsystemet eller förklara den för kommunen.",
      { width: this.#width },
    );
  }

  #table(columns: readonly Column[], rows: ReadonlyArray<readonly string[]>): void {
    const document = this.#document;
    const heading = (): void => {
      document.font("bold").fontSize(small).fillColor(grey);
      this.#row(
        columns,
        columns.map(({ title }) => title),
      );
      document.font("plain").fillColor("black");
    };
    heading();
    for (const row of rows) {
      document.font("plain").fontSize(small);
      const height = Math.max(
        ...row.map((text, index) => document.heightOfString(text || " ", { width: columns[index]!.width - 4 })),
      );
      if (document.y + height + 4 > document.page.height - document.page.margins.bottom) {
        document.addPage();
        heading();
      }
      const y = document.y;
      document
        .moveTo(MARGIN, y - 1)
        .lineTo(MARGIN + this.#width, y - 1)
        .lineWidth(0.3)
        .strokeColor("#bbbbbb")
        .stroke();
      this.#row(columns, row, height);
    }
    document.x = MARGIN;
    document.moveDown(0.3);
  }

  #row(columns: readonly Column[], cells: readonly string[], height = 0): void {
    const document = this.#document;
    const y = document.y;
    let x = MARGIN;
    let bottom = y + height;
    for (const [index, { width, align }] of columns.entries()) {
      document.text(cells[index] ?? "", x, y + 1, { width: width - 4, align: align ?? "left" });
      bottom = Math.max(bottom, document.y);
      x += width;
    }
    document.y = bottom + 2;
  }

  #room(points: number): void {
    const document = this.#document;
    if (document.y + points > document.page.height - document.page.margins.bottom) document.addPage();
  }
}

function footers(document: Document, text: string): void {
  const { start, count } = document.bufferedPageRange();
  for (let page = start; page < start + count; page++) {
    document.switchToPage(page);
    // Below the margin, where text would else begin a new page.
    document.page.margins.bottom = 0;
    const y = document.page.height - MARGIN + 4;
    document.font("plain").fontSize(7).fillColor(grey);
    document.text(text, MARGIN, y, { lineBreak: false });
    document.text(`sida ${page - start + 1} av ${count}`, document.page.width - MARGIN - 80, y, {
      width: 80,
      align: "right",
      lineBreak: false,
    });
  }
}
