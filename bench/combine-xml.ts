/**
 * Reads a generated document of orders through the XML reader and prints its peak memory: `node bench/combine-xml.ts
 * [MEGABYTES]`, 200 without. Fails where a document of 200 MB takes 400 MB or more.
 */
import { readFileSync } from "node:fs";
import { readXml } from "#adapter";

const megabytes = Number(process.argv[2] ?? 200);
const bytesMin = megabytes * 1_000_000;

let written = 0;
async function* document(): AsyncGenerator<Buffer> {
  let text = `<?xml version="1.0" encoding="ISO-8859-1"?>\n<Bestallningar>\n`;
  for (let number = 0; written < bytesMin; number++) {
    text += `  <Bestallning id="o-${number}" version="1" andrad="2026-09-01T08:00:00+02:00">
    <Brukare personnummer="189001${String(number % 100_000_000).padStart(8, "0")}"/>
    <Utforare orgnr="5560000000" enhet="Västra Åsen"/>
    <Beslut id="b-${number}" datum="2026-08-20" lag="SoL" fran="2026-09-01"/>
    <Giltig fran="2026-09-01" till="2026-12-31"/><Status>Accepterad</Status>
    <Insats id="o-${number}-1" kod="omvardnad" minuter="30" antal="2" period="dag" veckodagar="1,2,3" delAvDygn="morgon"/>
    <Insats id="o-${number}-2" kod="stadning" minuter="90" antal="1" period="tvavecka"/>
  </Bestallning>\n`;
    if (text.length < 65_536) continue;
    const piece = Buffer.from(text, "latin1");
    written += piece.length;
    text = "";
    yield piece;
  }
  const end = Buffer.from(`${text}</Bestallningar>\n`, "latin1");
  written += end.length;
  yield end;
}

/** The most memory that this process has had. On Linux `maxRSS` begins with that of the process that started it. */
function peak(): number {
  try {
    return Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

const began = performance.now();
let records = 0;
for await (const one of readXml(document(), {
  document: "bestallningar.xml",
  path: ["Bestallningar", "Bestallning"],
  lists: ["Insats"],
})) {
  if ("reason" in one) throw new Error("A well-formed record was not read.");
  records++;
}
const seconds = (performance.now() - began) / 1000;
const peakMegabytes = Math.round(peak() / 1024);
const megabytesPerSecond = Math.round((written / 1e6 / seconds) * 10) / 10;
process.stdout.write(
  `${JSON.stringify({ megabytes: Math.round(written / 1e6), records, seconds: Math.round(seconds * 10) / 10, megabytesPerSecond, peakMegabytes, peakMegabytesMax: 400 })}\n`,
);
if (peakMegabytes >= 400) process.exitCode = 1;
