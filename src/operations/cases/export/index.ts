import { zip } from "#document";
import { recordAccess } from "#store";
import { type Actor, permit } from "../../actor.ts";
import { type ExportedFile, whole } from "../../hand-out.ts";
import { reasonOf } from "../../reason.ts";
import { whomOf } from "../show-case.ts";
import { caseArchive } from "./archive.ts";
import { type ExportNeeds, readCaseFile } from "./file.ts";
import { casePdf } from "./pages.ts";

/**
 * `document`: for the file, with names. `archive`: everything, for the police or a court. `masked`: for disclosure, without
 * what says who anybody is.
 */
export const caseExportKinds = ["document", "archive", "masked"] as const;
export type CaseExportKind = (typeof caseExportKinds)[number];

/**
 * A case as a file. With names it needs the permission to reveal people; where somebody in it has a protected identity
 * and the actor may not see that, it is masked, and says so. The export is recorded with its reason.
 */
export async function exportCase(
  needs: ExportNeeds,
  actor: Actor,
  { no, kind, reason }: { no: string; kind: CaseExportKind; reason: string },
): Promise<ExportedFile> {
  permit(actor, "exports:make");
  permit(actor, "cases:read");
  if (kind !== "masked") permit(actor, "persons:reveal");
  const why = reasonOf(reason);
  const file = await readCaseFile(needs, actor, no, kind === "masked");
  const { stored, found, masked, madeAt } = file;
  await recordAccess(needs.database, actor, {
    at: madeAt,
    operation: masked === null ? `export-case-${kind}` : "export-case-masked",
    subject: whomOf(stored, found),
    rows: found.length,
    why: `Ärende ${no}: ${why}`,
  });
  const name = `arende-${no}${masked === null ? "" : "-maskerat"}`;
  if (kind === "archive")
    return { name: `${name}.zip`, type: "application/zip", body: zip(caseArchive(needs, actor, file), madeAt) };
  return { name: `${name}.pdf`, type: "application/pdf", body: whole(await casePdf(file)) };
}
